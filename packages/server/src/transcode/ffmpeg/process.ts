import type { ChildExit, ChildProcess, ChildProcesses } from '../../platform/child-process.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { FIRST_OUTPUT_FD, PROGRESS_FD } from './args.ts';
import type { FfmpegInstallation } from './installation.ts';
import { type FfmpegProgress, ProgressReader } from './progress.ts';
import { confine, DEFAULT_SANDBOX_LIMITS, type SandboxLimits } from './sandbox.ts';
import { StderrLog } from './stderr-log.ts';

/** What a `FfmpegProcess` calls back. */
export interface FfmpegProcessListener {
  /** Bytes of the rung with this index. May throw on bytes that are no FLV; the process is then killed. */
  onOutput(rungIndex: number, bytes: Uint8Array): void;
  onProgress(progress: FfmpegProgress): void;
  /** Once, after the last output. */
  onExit(exit: ChildExit & { readonly reason?: string; readonly stderrTail: readonly string[] }): void;
}

/** How to start a `FfmpegProcess`. */
export interface FfmpegProcessOptions {
  readonly installation: FfmpegInstallation;
  readonly args: readonly string[];
  /** Number of rungs, each with a descriptor of its own. */
  readonly outputs: number;
  readonly children: ChildProcesses;
  readonly clock: Clock;
  readonly log: Logger;
  readonly listener: FfmpegProcessListener;
  /** Default 5: viewers before rungs. */
  readonly nice?: number;
  readonly limits?: SandboxLimits;
}

/** One FFmpeg: media goes in on stdin and comes out on its own descriptor for each rung. */
export class FfmpegProcess {
  readonly #child: ChildProcess;
  readonly #listener: FfmpegProcessListener;
  readonly #stderr: StderrLog;
  #killReason: string | undefined;

  /** Throws RangeError when too many children run. */
  constructor(options: FfmpegProcessOptions) {
    const { log, clock } = options;
    this.#listener = options.listener;
    const command = confine(
      { file: options.installation.path, args: options.args },
      options.installation.sandbox,
      options.limits ?? DEFAULT_SANDBOX_LIMITS,
    );
    const extraOutputs = FIRST_OUTPUT_FD - PROGRESS_FD + options.outputs;
    this.#child = options.children.spawn({ ...command, extraOutputs, nice: options.nice ?? 5 });
    this.#stderr = new StderrLog(
      (line, suppressed) => log.warn({ ffmpeg: line, suppressed }, 'FFmpeg says'),
      () => clock.monotonicMs(),
    );
    this.#read(log);
    void this.#child.exited.then((exit) => this.#exited(exit));
  }

  /** Process id of FFmpeg itself: the sandbox's tools become it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Bytes written that the child has not taken yet. */
  get queuedBytes(): number {
    return this.#child.stdin.writableLength;
  }

  /** Writes pieces in one system call where the pipe has room. */
  write(pieces: readonly Uint8Array[]): void {
    const { stdin } = this.#child;
    if (stdin.writableEnded || stdin.destroyed) return;
    stdin.cork();
    for (const piece of pieces) stdin.write(piece);
    stdin.uncork();
  }

  /** No more input: FFmpeg encodes what it has and ends by itself. */
  end(): void {
    if (!this.#child.stdin.writableEnded) this.#child.stdin.end();
  }

  /** Ends it at once. `reason` goes to `onExit`. */
  kill(reason: string): void {
    this.#killReason ??= reason;
    this.#child.kill('SIGKILL');
  }

  #read(log: Logger): void {
    const [progress, ...outputs] = this.#child.extraOutputs;
    const progressReader = new ProgressReader((report) => this.#listener.onProgress(report));
    progress?.setEncoding('utf8').on('data', (text: string) => progressReader.push(text));
    outputs.forEach((output, index) => {
      output.on('data', (bytes: Uint8Array) => {
        try {
          this.#listener.onOutput(index, bytes);
        } catch (error) {
          log.error({ error, rung: index }, 'output of FFmpeg cannot be read');
          this.kill('unreadable output');
        }
      });
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#stderr.push(text));
    this.#child.stdout.resume();
  }

  #exited(exit: ChildExit): void {
    const reason = this.#killReason ?? exit.startError?.message;
    this.#listener.onExit({
      ...exit,
      ...(reason === undefined ? {} : { reason }),
      stderrTail: this.#stderr.tail,
    });
  }
}
