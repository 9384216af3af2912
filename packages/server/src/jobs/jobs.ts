import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import type { Logger } from '../platform/logger.ts';

/** How jobs reach PostgreSQL. */
export interface JobsOptions {
  /** Of a role that may make the schema `pgboss`; never logged. */
  readonly url: string;
  readonly log: Logger;
}

/** What a job does. It may run more than once (a crash in its middle), so it must not matter if it does; it fails by throwing. */
export type JobHandler = (payload: Readonly<Record<string, unknown>>) => Promise<void>;

/** Its own schema, which is granted to nobody. */
const SCHEMA = 'pgboss';
/** Between two tries to start while the database is away, in milliseconds. */
const RETRY_MS = 2000;
/** A job that failed is tried again this often, later each time. */
const RETRY_LIMIT = 5;
/** How long a running job may go on when we stop, in milliseconds. */
const STOP_MS = 3000;

/**
 * Work at a time or at every time of a clock, once for all servers of a database; kept in PostgreSQL, so that a restart loses none.
 * While the database is away nothing runs, and what is due is done when it is back.
 */
export class Jobs {
  readonly #log: Logger;
  readonly #pool: Pool;
  readonly #boss: PgBoss;
  readonly #handlers = new Map<string, JobHandler>();
  readonly #schedules = new Map<string, string>();
  readonly #stopped = new AbortController();
  #started: Promise<void> | undefined;
  #isOpen = false;

  /** Opens nothing yet. */
  constructor(options: JobsOptions) {
    this.#log = options.log;
    this.#pool = new Pool({
      connectionString: options.url,
      max: 2,
      connectionTimeoutMillis: 2000,
      query_timeout: 10_000,
      application_name: 'tallylight jobs',
    });
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    this.#pool.on('error', (error) => this.#log.debug({ error }, 'an idle connection of the jobs broke'));
    this.#boss = new PgBoss({
      db: { executeSql: (text, values) => this.#pool.query(text, values) },
      schema: SCHEMA,
    });
    // It polls: what fails now is tried again by itself.
    this.#boss.on('error', (error) => this.#log.warn({ error }, 'the jobs could not reach the database'));
  }

  /** Says what a job of this name does. Before `start`. */
  on(name: string, handler: JobHandler): void {
    if (this.#started !== undefined) throw new Error(`job ${name} comes after the start`);
    if (this.#handlers.has(name)) throw new Error(`job ${name} has a handler already`);
    this.#handlers.set(name, handler);
  }

  /** Runs a job at the times of a cron expression, in UTC, such as `10 3 * * *` for 03:10 every day. Before `start`. */
  every(cron: string, name: string, handler: JobHandler): void {
    this.on(name, handler);
    this.#schedules.set(name, cron);
  }

  /** Has a job done at a time, or at once when that is past. Returns an id for `cancel`. Rejects while the database is away. */
  async at(time: Date, name: string, payload: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = await this.#boss.send(name, payload, { startAfter: time });
    if (id === null) throw new Error(`job ${name} was not taken`);
    return id;
  }

  /** Has a job not done; does nothing when it runs or has run. */
  async cancel(name: string, id: string): Promise<void> {
    await this.#boss.cancel(name, id);
  }

  /** Starts in the background and returns at once: a database that is away delays jobs, not the server. Idempotent. */
  start(): void {
    this.#started ??= this.#startWhenPossible();
  }

  /** Resolves when jobs can be taken and run. */
  async ready(): Promise<void> {
    this.start();
    await this.#started;
  }

  /** Waits for running jobs, 3 s at most, and starts no more; idempotent. */
  async close(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    await this.#started?.catch(() => {});
    if (this.#isOpen) await this.#stopBoss();
    await this.#pool.end();
  }

  async #stopBoss(): Promise<void> {
    try {
      // It waits for the jobs that run, as long as it may.
      await this.#boss.stop({ graceful: true, timeout: STOP_MS });
    } catch (error) {
      this.#log.warn({ error }, 'the jobs could not be stopped in good order');
    }
  }

  async #startWhenPossible(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#open();
        return;
      } catch (error) {
        this.#log.warn({ error, retryMs: RETRY_MS }, 'the jobs cannot be started yet');
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #open(): Promise<void> {
    await this.#boss.start();
    this.#isOpen = true;
    for (const name of this.#handlers.keys())
      await this.#boss.createQueue(name, { retryLimit: RETRY_LIMIT, retryBackoff: true });
    for (const [name, cron] of this.#schedules) await this.#boss.schedule(name, cron, {}, { tz: 'UTC' });
    // Last: a try that failed before here has left no worker that the next one would double.
    for (const [name, handler] of this.#handlers) {
      await this.#boss.work<Record<string, unknown>>(name, async (jobs) => {
        for (const { data } of jobs) await this.#run(name, handler, data);
      });
    }
  }

  async #run(name: string, handler: JobHandler, payload: Record<string, unknown> | null): Promise<void> {
    try {
      await handler(payload ?? {});
    } catch (error) {
      this.#log.warn({ error, job: name }, 'a job failed and is tried again');
      throw error;
    }
  }
}
