import { type ChildProcess, spawn } from 'node:child_process';

/** An FFmpeg that publishes, as a stranger to our code. */
export class FfmpegPublisher {
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-20_000);
    });
  }

  /** Starts FFmpeg with these arguments after `-re`-like input arguments of the caller's own. */
  static start(args: readonly string[], ffmpeg = 'ffmpeg'): FfmpegPublisher {
    return new FfmpegPublisher(
      spawn(ffmpeg, ['-hide_banner', '-nostdin', ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What FFmpeg printed lately. */
  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the exit code once FFmpeg has ended by itself. */
  finished(): Promise<number | null> {
    if (!this.running) return Promise.resolve(this.#child.exitCode);
    return new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  /** Ends FFmpeg: SIGINT lets it say goodbye, SIGKILL does not. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (!this.running) return;
    const gone = this.finished();
    this.#child.kill(signal);
    await gone;
  }
}

/** What the test source shows. */
export interface PatternOptions {
  readonly size?: string;
  readonly fps?: number;
  readonly seconds?: number;
  readonly gop?: number;
  readonly audio?: boolean;
  readonly video?: boolean;
  readonly bitrate?: string;
  readonly extra?: readonly string[];
}

/** Arguments of an FFmpeg that publishes a moving picture and a tone in real time, as OBS would: H.264 and AAC over RTMP. */
export function patternArgs(url: string, options: PatternOptions = {}): string[] {
  const {
    size = '1280x720',
    fps = 30,
    seconds = 60,
    gop = 2 * fps,
    audio = true,
    video = true,
    bitrate = '2500k',
  } = options;
  const inputs: string[] = [];
  if (video) inputs.push('-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}`);
  if (audio) inputs.push('-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000');
  const encode: string[] = [];
  if (video) {
    encode.push(
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-g',
      String(gop),
      '-keyint_min',
      String(gop),
    );
    encode.push(
      '-sc_threshold',
      '0',
      '-b:v',
      bitrate,
      '-maxrate',
      bitrate,
      '-bufsize',
      bitrate,
      '-pix_fmt',
      'yuv420p',
    );
  }
  if (audio) encode.push('-c:a', 'aac', '-b:a', '128k', '-ac', '2');
  return [
    '-v',
    'warning',
    ...inputs,
    ...encode,
    ...(options.extra ?? []),
    '-t',
    String(seconds),
    '-f',
    'flv',
    url,
  ];
}
