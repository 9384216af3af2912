import { FfmpegPublisher } from './publisher.ts';

/** Waits between tries as OBS makes them: tries at 2, 5, 9.5, 16 s after the loss (libobs obs-output.c: 2 s, ×1.5). */
const RETRY_DELAYS_MS = [2000, 3000, 4500, 6500, 10_000];

/** An FFmpeg that publishes a file again and again and, when it loses the server, comes back as OBS does. */
export class PersistentEncoder {
  /** Starts of FFmpeg after the first. */
  retries = 0;
  readonly #args: readonly string[];
  #ffmpeg: FfmpegPublisher;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  /** Begins to publish a file in real time, without encoding it anew. */
  constructor(file: string, url: string) {
    this.#args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', url];
    this.#ffmpeg = this.#start();
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#ffmpeg.stop('SIGKILL');
  }

  #start(): FfmpegPublisher {
    const startedMs = performance.now();
    const ffmpeg = FfmpegPublisher.start(this.#args);
    void ffmpeg.finished().then(() => {
      if (this.#stopped) return;
      // Whoever was on air begins to count anew.
      if (performance.now() - startedMs > 1500) this.#failures = 0;
      const delayMs = RETRY_DELAYS_MS[Math.min(this.#failures++, RETRY_DELAYS_MS.length - 1)];
      this.#timer = setTimeout(() => {
        this.retries++;
        this.#ffmpeg = this.#start();
      }, delayMs);
    });
    return ffmpeg;
  }
}
