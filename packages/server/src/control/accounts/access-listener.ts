import { Client } from 'pg';
import type { Logger } from '../../platform/logger.ts';

/** What {@link AccessListener} needs. */
export interface AccessListenerOptions {
  readonly connectionString: string;
  readonly log: Logger;
  /** Somebody's rights changed, or one of their sessions ended. */
  readonly onChange: (userId: string, sessionId: string | undefined) => void;
  /** Before the next try after the connection broke, in milliseconds. Default 1000. */
  readonly retryMs?: number;
}

/** Channel of the triggers in migration 0020. */
const CHANNEL = 'tallylight_access';

/**
 * Hears of changed rights, also when another process or the command line made the change. While the connection is away only changes of this
 * process are known at once; everybody else's hold when remembered actors expire.
 */
export class AccessListener {
  readonly #options: AccessListenerOptions;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: AccessListenerOptions) {
    this.#options = options;
  }

  /** Begins to listen; a database that is away is tried again and again. */
  async open(): Promise<void> {
    if (this.#isClosed) return;
    const { connectionString, log, onChange } = this.#options;
    const client = new Client({
      connectionString,
      application_name: 'tallylight access',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    this.#client = client;
    client.on('notification', ({ payload }) => {
      const [userId, sessionId] = (payload ?? '').split(' ');
      if (userId !== undefined && userId !== '') onChange(userId, sessionId);
    });
    client.on('error', (error) => log.warn({ error }, 'the connection that hears of changed rights broke'));
    client.once('end', () => this.#tryAgain(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
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
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  /** Once for each client, whether it broke or never came up. */
  #tryAgain(client: Client): void {
    if (this.#isClosed || this.#client !== client) return;
    this.#client = undefined;
    this.#retry = setTimeout(() => void this.open(), this.#options.retryMs ?? 1000).unref();
  }
}
