import { fileURLToPath } from 'node:url';
import type { ChildProcess, ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { readFrames } from './protocol/frame-dispatch.ts';
import type { FrameReader } from './protocol/frame-reader.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import type { ConfigureMessage, FromChildMessage, ToChildMessage } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';

/** What a child process tells. */
export interface WorkerProcessEvents {
  /** Configured; sessions can be opened. */
  onReady(addresses: readonly string[]): void;
  onMessage(message: FromChildMessage): void;
  onUnit(unit: WireUnit): void;
  /** The process is gone; once. `livedMs` counts from `onReady`, 0 when it never came to that. */
  onExit(livedMs: number): void;
}

const CHILD_ENTRY = fileURLToPath(new URL('./child/main.ts', import.meta.url));
/** Often enough to notice a hung child soon, too seldom to cost anything. */
const PING_INTERVAL_MS = 2000;
/** A child that answers nothing for so long hangs: it does nothing that takes as much as 100 ms. */
const HUNG_AFTER_MS = 10_000;
/** The node process, the native library and its UDP port are there after about 0.3 s; a busy machine takes longer. */
const START_TIMEOUT_MS = 20_000;
/** Time for peer connections to say good-bye before SIGKILL. */
const STOP_TIMEOUT_MS = 2000;
const MAX_LOG_LINE = 2000;

/** One life of the child process: its pipes, its heartbeat, its end. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #writer: FrameWriter<ToChildMessage>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: WorkerProcessEvents;
  readonly #heartbeat: NodeJS.Timeout;
  #readySinceMs: number | undefined;
  #heardAtMs: number;
  #beatAtMs: number;
  #ended = false;

  /** Starts the child. Throws RangeError when there are too many children. */
  constructor(options: {
    readonly children: ChildProcesses;
    readonly clock: Clock;
    readonly log: Logger;
    readonly configure: ConfigureMessage;
    readonly events: WorkerProcessEvents;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#events = options.events;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#beatAtMs = this.#heardAtMs;
    this.#child = options.children.spawn({
      file: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', CHILD_ENTRY],
      extraOutputs: 1,
      environment: ['PATH', 'LD_LIBRARY_PATH', 'LANG'],
    });
    this.#writer = new FrameWriter(this.#child.stdin, () => this.#giveUp('reads nothing'));
    this.#readFrames();
    this.#readLog();
    this.#heartbeat = setInterval(() => this.#beat(), PING_INTERVAL_MS);
    this.#child.exited
      .then((exit) => this.#exited(exit))
      .catch((err: unknown) => this.#log.error({ err }, 'the end of the rtc worker could not be dealt with'));
    this.send(options.configure);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a control message. */
  send(message: ToChildMessage): void {
    if (!this.#ended) this.#writer.control(message);
  }

  /** Sends an access unit; false when it was dropped. */
  sendUnit(unit: WireUnit): boolean {
    return !this.#ended && this.#writer.unit(unit);
  }

  /** Forgets a feed that is gone. */
  forgetFeed(feed: number): void {
    this.#writer.forget(feed);
  }

  /** Lets the child close its connections and waits for its end; by force after 2 s. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const force = setTimeout(() => this.#child.kill(), STOP_TIMEOUT_MS);
    await this.#child.exited;
    clearTimeout(force);
  }

  #readFrames(): void {
    const reader = readFrames<FromChildMessage>({
      onMessage: (message) => this.#onMessage(message),
      onUnit: (unit) => {
        if (!this.#ended) this.#events.onUnit(unit);
      },
    });
    this.#child.extraOutputs[0]?.on('data', (bytes: Uint8Array) => this.#push(reader, bytes));
  }

  #push(reader: FrameReader, bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#heardAtMs = this.#clock.monotonicMs();
    try {
      reader.push(bytes);
    } catch (cause) {
      this.#giveUp('broke the protocol', cause);
    }
  }

  #onMessage(message: FromChildMessage): void {
    if (this.#ended) return;
    if (message.type === 'log') this.#log[message.level]({ ...message.fields }, message.event);
    if (message.type === 'ready') {
      this.#readySinceMs = this.#clock.monotonicMs();
      this.#log.info({ pid: this.pid, port: message.port, addresses: message.addresses }, 'rtc worker is up');
      this.#events.onReady(message.addresses);
    } else {
      this.#events.onMessage(message);
    }
  }

  #readLog(): void {
    // What the child does not say in a message: a stack trace of the runtime or of the native library.
    let rest = '';
    const take = (text: string): void => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LOG_LINE);
      for (const line of lines) {
        if (line.trim() !== '') this.#log.warn({ line: line.slice(0, MAX_LOG_LINE) }, 'rtc worker wrote');
      }
    };
    this.#child.stderr.setEncoding('utf8').on('data', take);
    this.#child.stdout.resume();
  }

  #beat(): void {
    const nowMs = this.#clock.monotonicMs();
    // It was us who slept, or the whole machine: what the child said meanwhile is not read yet.
    if (nowMs - this.#beatAtMs > 2 * PING_INTERVAL_MS) this.#heardAtMs = nowMs;
    this.#beatAtMs = nowMs;
    const silentMs = nowMs - this.#heardAtMs;
    if (this.#readySinceMs === undefined) {
      if (silentMs > START_TIMEOUT_MS) this.#giveUp('did not start');
    } else if (silentMs > HUNG_AFTER_MS) {
      this.#giveUp('hangs');
    } else {
      this.send({ type: 'ping' });
    }
  }

  #giveUp(why: string, cause?: unknown): void {
    this.#log.error({ pid: this.pid, ...(cause === undefined ? {} : { err: cause }) }, `rtc worker ${why}`);
    this.#child.kill();
  }

  #exited(exit: { readonly code?: number; readonly signal?: string; readonly startError?: Error }): void {
    clearInterval(this.#heartbeat);
    this.#ended = true;
    const livedMs = this.#readySinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#readySinceMs;
    this.#log.debug({ ...exit, livedMs: Math.round(livedMs) }, 'rtc worker ended');
    this.#events.onExit(livedMs);
  }
}
