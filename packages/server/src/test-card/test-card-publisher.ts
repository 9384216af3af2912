import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { RtmpPush } from '../egress/rtmp/rtmp-push.ts';
import type { RtmpTarget } from '../egress/rtmp/rtmp-target.ts';
import type { Logger } from '../platform/logger.ts';
import { CardEncoder } from './card-encoder.ts';
import { type CardOptions, framesPerSecond } from './card-options.ts';

/** Waits between two tries, in milliseconds; the last one repeats. */
const retryMs = [500, 1000, 2000, 5000, 10_000];

/** Bytes that may wait for the network; a server that takes nothing is left. */
const maxBacklogBytes = 8 * 1024 * 1024;

/**
 * Publishes the test card by RTMP, as an encoder in the next room would, and comes back when the connection or FFmpeg is lost.
 * The stream key goes into the RTMP connection only, never into FFmpeg's command line.
 */
export class TestCardPublisher {
  readonly #target: RtmpTarget;
  readonly #options: CardOptions;
  readonly #log: Logger;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(target: RtmpTarget, options: CardOptions, log: Logger) {
    this.#target = target;
    this.#options = options;
    this.#log = log;
  }

  /** Begins to publish, and goes on until `close`. Idempotent. */
  start(): void {
    this.#running ??= this.#keepPublishing();
  }

  /** Stops publishing. Idempotent; resolves when FFmpeg and the connection are gone. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #keepPublishing(): Promise<void> {
    const { signal } = this.#abort;
    for (let tries = 0; !signal.aborted; tries += 1) {
      const beganMs = performance.now();
      try {
        await publishTestCard(this.#target, this.#options, signal);
      } catch (error) {
        this.#log.warn({ error }, 'the test card was interrupted');
      }
      if (performance.now() - beganMs > 30_000) tries = 0;
      await sleep(retryMs[Math.min(tries, retryMs.length - 1)] ?? 0, signal);
    }
  }
}

/** Publishes the test card once, until `signal` is aborted. Rejects when the server refuses, or connection or FFmpeg end before. */
export async function publishTestCard(
  target: RtmpTarget,
  options: CardOptions,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const push = await RtmpPush.open(target);
  push.describe(metadataOf(options));
  const encoder = await CardEncoder.start(options, (tag) => writeUnlessStuck(push, tag));
  try {
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const end = await Promise.race([aborted, push.closed, encoder.ended]);
    if (end !== undefined) throw end instanceof Error ? end : new Error(end);
  } finally {
    await encoder.close();
    await push.close();
  }
}

function writeUnlessStuck(push: RtmpPush, tag: FlvTag): void {
  if (push.backlogBytes > maxBacklogBytes) void push.close();
  else push.write(tag);
}

/** What encoders say of a stream before its first picture, so that a server need not wait to know its tracks. */
function metadataOf(options: CardOptions): Record<string, number | string | boolean> {
  const video = {
    width: options.width,
    height: options.height,
    framerate: framesPerSecond(options.frameRate),
    videocodecid: 7,
    videodatarate: options.bitrateBps / 1000,
    encoder: 'Tallylight test card',
  };
  if (!options.audio) return video;
  return {
    ...video,
    audiocodecid: 10,
    audiosamplerate: 48_000,
    audiosamplesize: 16,
    audiodatarate: 128,
    stereo: true,
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}
