import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { pictureArgs, toneArgs } from './card-args.ts';
import { type CardOptions, framesPerSecond } from './card-options.ts';
import { clockBlocks, drawClock } from './clock-strip.ts';
import { EncoderProcess } from './encoder-process.ts';
import { findFont } from './font.ts';
import { toneSampleRate, writeTone } from './tone.ts';

/** Seconds of pictures that may wait for a slow FFmpeg before they are left out. */
const maxBacklogSec = 2;

/**
 * Draws and encodes the test card in real time: FFmpeg paints and encodes, this class gives it the clock and the tone. Pictures and sound
 * have an FFmpeg each: in one process, FFmpeg 5 holds the newest picture back until it has sound for it, 35 ms.
 */
export class CardEncoder {
  /** Resolves when an FFmpeg has ended: with its complaint, or undefined when `close` ended it. Never rejects. */
  readonly ended: Promise<string | undefined>;
  readonly #picture: EncoderProcess;
  readonly #tone: EncoderProcess | undefined;
  readonly #framesPerSecond: number;
  readonly #startUnixMs = Date.now();
  readonly #startMs = performance.now();
  #frames = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: CardOptions, fontPath: string | undefined, onTag: (tag: FlvTag) => void) {
    this.#framesPerSecond = framesPerSecond(options.frameRate);
    this.#picture = new EncoderProcess(options.ffmpegPath, pictureArgs(options, fontPath), onTag);
    this.#tone = options.audio ? new EncoderProcess(options.ffmpegPath, toneArgs(), onTag) : undefined;
    this.ended = Promise.race([this.#picture.ended, ...(this.#tone === undefined ? [] : [this.#tone.ended])]);
    this.#draw();
  }

  /** Starts the encoders and the clock. `onTag` gets video and audio tags as they are made, each kind in order, timestamps from 0 ms. */
  static async start(options: CardOptions, onTag: (tag: FlvTag) => void): Promise<CardEncoder> {
    return new CardEncoder(options, await findFont(), onTag);
  }

  /** Ends the encoders. Idempotent; resolves when they are gone. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([this.#picture.close(), this.#tone?.close()]);
  }

  /** Writes every picture that is due, then sleeps until the next is. */
  #draw(): void {
    const elapsedMs = performance.now() - this.#startMs;
    const due = Math.floor((elapsedMs * this.#framesPerSecond) / 1000) + 1;
    const hasRoom = this.#picture.input.writableLength < maxBacklogSec * this.#framesPerSecond * clockBlocks;
    while (this.#frames < due) {
      if (hasRoom) this.#drawFrame();
      this.#frames += 1;
    }
    const nextMs = (this.#frames * 1000) / this.#framesPerSecond;
    this.#timer = setTimeout(() => this.#draw(), Math.max(1, nextMs - (performance.now() - this.#startMs)));
  }

  #drawFrame(): void {
    this.#picture.input.write(drawClock(Date.now()));
    const firstSample = this.#sampleOfFrame(this.#frames);
    const samples = this.#sampleOfFrame(this.#frames + 1) - firstSample;
    this.#tone?.input.write(writeTone(this.#startUnixMs + (firstSample * 1000) / toneSampleRate, samples));
  }

  #sampleOfFrame(frame: number): number {
    return Math.round((frame * toneSampleRate) / this.#framesPerSecond);
  }
}
