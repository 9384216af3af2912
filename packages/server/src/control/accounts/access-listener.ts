import { Client } from 'pg';
import type { Logger } from '../../platform/logger.ts';

/** What {@link AccessListener} needs. */
export interface AccessListenerOptions {
  readonly connectionString: string;
  readonly log: Logger;
  /** Somebody's rights changed, or one of their sessions ended. */
  readonly onChange: (userId: string, sessionId: string | undefined) => void;
  /** A channel became private or public. Default: nobody hears of it. */
  readonly onChannel?: (channelId: string) => void;
  /** Nobody can say what changed: the connection was away, or too much changed at once. Default: nobody hears of it. */
  readonly onMissed?: () => void;
  /** Before the next try after the connection broke, in milliseconds. Default 1000. */
  readonly retryMs?: number;
}

/** Channel of the triggers in migrations 0020 and 0031. */
const CHANNEL = 'tallylight_access';
/** What is heard in this time is told at once, so that a host app's thousand members are not a thousand reviews. Milliseconds. */
const GATHER_MS = 20;
/** More people than this in that time are everybody. */
const MOST_AT_ONCE = 100;

/**
 * Hears of changed rights, also when another process or the command line made the change. While the connection is away only changes of this
 * process are known at once; everybody else's hold when remembered actors expire.
 */
export class AccessListener {
  readonly #options: AccessListenerOptions;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** The connection was there before: what was told since then went unheard. */
  #wasOpen = false;
  readonly #gathered = new Set<string>();
  #telling: NodeJS.Timeout | undefined;

  constructor(options: AccessListenerOptions) {
    this.#options = options;
  }

  /** Begins to listen; a database that is away is tried again and again. */
  async open(): Promise<void> {
    if (this.#isClosed) return;
    const { connectionString, log } = this.#options;
    const client = new Client({
      connectionString,
      application_name: 'tallylight access',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    this.#client = client;
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    client.on('error', (error) => log.warn({ error }, 'the connection that hears of changed rights broke'));
    client.once('end', () => this.#tryAgain(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      if (this.#wasOpen && !this.#isClosed) this.#options.onMissed?.();
      this.#wasOpen = true;
    } catch (error) {
      log.warn({ error }, 'changed rights cannot be heard of');
      await client.end().catch(() => {});
      this.#tryAgain(client);
    }
  }

  /** Stops; idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#telling);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  #hear(payload: string): void {
    const [first = '', second] = payload.split(' ');
    if (first === '') return;
    if (first === 'channel') this.#options.onChannel?.(second ?? '');
    else if (second !== undefined) this.#options.onChange(first, second);
    else {
      this.#gathered.add(first);
      this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
    }
  }

  #tell(): void {
    this.#telling = undefined;
    const { onChange, onMissed } = this.#options;
    const people = [...this.#gathered];
    this.#gathered.clear();
    if (people.length > MOST_AT_ONCE && onMissed !== undefined) onMissed();
    else for (const userId of people) onChange(userId, undefined);
  }

  /** Once for each client, whether it broke or never came up. */
  #tryAgain(client: Client): void {
    if (this.#isClosed || this.#client !== client) return;
    this.#client = undefined;
    this.#retry = setTimeout(() => void this.open(), this.#options.retryMs ?? 1000).unref();
  }
}
