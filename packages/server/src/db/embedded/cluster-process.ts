import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildProcess } from '../../platform/child-process.ts';
import type { Logger } from '../../platform/logger.ts';
import { type ClusterSettings, settingArgs } from './cluster-settings.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { killIfThere, processesIn } from './process-proof.ts';
import type { ServiceUser } from './service-user.ts';

/** A PostgreSQL to start. */
export interface ClusterProcessOptions {
  readonly postgres: string;
  /** Its cluster, a real path. */
  readonly data: string;
  readonly port: number;
  readonly user: ServiceUser | undefined;
  readonly settings: ClusterSettings;
  readonly log: Logger;
}

/** Recovery after a crash replays at most `max_wal_size`. */
const READY_MS = 60_000;
/** Together with what ends our own process, at most 10 s. */
const FAST_MS = 6500;
const IMMEDIATE_MS = 1500;

/** The port is somebody else's. */
export class PortTakenError extends EmbeddedPostgresError {
  override readonly name = 'PortTakenError';
}

/** One run of PostgreSQL: from its start to its end. */
export class ClusterProcess {
  readonly #child: ChildProcess;
  readonly #log: Logger;
  readonly #data: string;
  readonly #lines: string[] = [];
  /** When we end without having closed: PostgreSQL ends in good order on its own. */
  readonly #atExit = (): void => {
    if (this.#child.pid !== undefined && !this.#child.hasExited) killIfThere(this.#child.pid, 'SIGINT');
  };

  private constructor(options: ClusterProcessOptions) {
    this.#log = options.log;
    this.#data = options.data;
    this.#child = new ChildProcess({
      file: options.postgres,
      args: ['-D', options.data, '-p', String(options.port), ...settingArgs(options.settings)],
      environment: ['PATH'],
      directory: '/',
      // The terminal's Ctrl-C is for us: we still write, and then ask PostgreSQL to stop.
      ownSession: true,
      ...(options.user === undefined ? {} : { identity: options.user }),
    });
    this.#child.stdin.end();
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#follow(stream);
    process.on('exit', this.#atExit);
  }

  /** Starts PostgreSQL and waits until it takes connections. Throws `PortTakenError`, or what it said before it ended. */
  static async start(options: ClusterProcessOptions): Promise<ClusterProcess> {
    const cluster = new ClusterProcess(options);
    try {
      await cluster.#untilReady();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when PostgreSQL has ended, for whatever reason. */
  get exited(): Promise<unknown> {
    return this.#child.exited;
  }

  /** Ends it, at most 10 s: fast shutdown first, immediate then, SIGKILL at last. Idempotent. */
  async stop(): Promise<void> {
    for (const [signal, patienceMs] of [
      ['SIGINT', FAST_MS],
      ['SIGQUIT', IMMEDIATE_MS],
    ] as const) {
      this.#child.kill(signal);
      if (await this.#endsWithin(patienceMs)) break;
      this.#log.warn({ signal, patienceMs }, 'PostgreSQL does not stop');
    }
    if (!this.#child.hasExited) {
      this.#child.kill('SIGKILL');
      // What is left of a PostgreSQL that hangs does not notice that its first process is gone.
      for (const pid of processesIn(this.#data)) killIfThere(pid, 'SIGKILL');
    }
    await this.#child.exited;
    process.off('exit', this.#atExit);
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const waiting = new AbortController();
    const late = delay(ms, false, { signal: waiting.signal }).catch(() => false);
    const ended = await Promise.race([this.#child.exited.then(() => true), late]);
    waiting.abort();
    return ended;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline) {
      if (this.#child.hasExited) throw await this.#whyEnded();
      // Line 8 of postmaster.pid is the state; `pg_ctl --wait` reads it too.
      const lines = (await readFile(join(this.#data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
      if (Number(lines[0]) === this.pid && lines[7]?.trim() === 'ready') return;
      await delay(10);
    }
    throw new EmbeddedPostgresError(`PostgreSQL was not ready after ${READY_MS / 1000} s`);
  }

  async #whyEnded(): Promise<EmbeddedPostgresError> {
    const { startError } = await this.#child.exited;
    const said = startError?.message ?? this.#lines.join('\n');
    const text = `PostgreSQL did not start: ${said}`;
    return /Address already in use/.test(said) ? new PortTakenError(text) : new EmbeddedPostgresError(text);
  }

  #follow(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      // A line without an end is cut: it is a message for people.
      rest = (lines.pop() ?? '').slice(0, 10_000);
      for (const line of lines) this.#say(line);
    });
  }

  #say(line: string): void {
    if (line === '') return;
    this.#lines.push(line);
    if (this.#lines.length > 20) this.#lines.shift();
    const isBad = /^(?:FATAL|PANIC|WARNING):/.test(line);
    this.#log[isBad ? 'warn' : 'debug']({ line }, 'PostgreSQL says');
  }
}
