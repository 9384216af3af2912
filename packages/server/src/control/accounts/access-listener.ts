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
  /** A stream key was revoked or deleted, or expires at another time. Default: nobody hears of it. */
  readonly onKey?: (keyId: string) => void;
  /** Nobody can say what changed: the connection was away, or too much changed at once. Default: nobody hears of it. */
  readonly onMissed?: () => void;
  /** Before the next try after the connection broke, in milliseconds. Default 1000. */
  readonly retryMs?: number;
}

/** Channel of the triggers in migrations 0020, 0031 and 0080. */
const CHANNEL = 'tallylight_access';
/** What is heard in this time is told at once, so that a host app's thousand members are not a thousand reviews. Milliseconds. */
const GATHER_MS = 20;
/** More people than this in that time are everybody, and more keys all keys. */
const MOST_AT_ONCE = 100;
/** A connection on which nothing is heard for so long is asked whether it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 5000;

/**
 * Hears of changed rights, also when another process or the command line made the change. While the connection is away only changes of this
 * process are known at once; everybody else's hold when remembered actors expire.
 */
export class AccessListener {
  readonly #options: AccessListenerOptions;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** The connection was not there for a while: what was told since then went unheard. */
  #hasMissed = false;
  readonly #people = new Set<string>();
  readonly #keys = new Set<string>();
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
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    this.#client = client;
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    client.on('error', (error) => log.warn({ error }, 'the connection that hears of changed rights broke'));
    client.once('end', () => this.#tryAgain(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      if (this.#hasMissed && !this.#isClosed) this.#options.onMissed?.();
      this.#hasMissed = false;
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
    else if (first === 'key') this.#gather(this.#keys, second ?? '');
    else if (second !== undefined) this.#options.onChange(first, second);
    else this.#gather(this.#people, first);
  }

  #gather(into: Set<string>, id: string): void {
    into.add(id);
    this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS).unref();
  }

  #tell(): void {
    this.#telling = undefined;
    const { onChange, onKey, onMissed } = this.#options;
    const [people, keys] = [[...this.#people], [...this.#keys]];
    this.#people.clear();
    this.#keys.clear();
    if (Math.max(people.length, keys.length) > MOST_AT_ONCE && onMissed !== undefined) return onMissed();
    for (const userId of people) onChange(userId, undefined);
    for (const keyId of keys) onKey?.(keyId);
  }

  /** Once for each client, whether it broke or never came up. */
  #tryAgain(client: Client): void {
    if (this.#isClosed || this.#client !== client) return;
    this.#client = undefined;
    this.#hasMissed = true;
    this.#retry = setTimeout(() => void this.open(), this.#options.retryMs ?? 1000).unref();
  }
}
