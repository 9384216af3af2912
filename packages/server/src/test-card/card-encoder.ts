import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { cardArgs, cardPipes } from './card-args.ts';
import { type CardOptions, framesPerSecond } from './card-options.ts';
import { clockBlocks, drawClock } from './clock-strip.ts';
import { findFont } from './font.ts';
import { toneSampleRate, writeTone } from './tone.ts';

/** Seconds of pictures that may wait for a slow FFmpeg before they are left out. */
const maxBacklogSec = 2;

/** Last words of FFmpeg that are kept for the error message. */
const keptErrorLength = 2000;

/**
 * Draws and encodes the test card in real time: FFmpeg paints and encodes, this class gives it the clock and the tone, and takes FLV tags
 * with their headers removed. Ends with FFmpeg, or by `close`.
 */
export class CardEncoder {
  /** Resolves when FFmpeg has ended: with its complaint, or undefined when it was asked to end. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcess;
  readonly #clockIn: Writable;
  readonly #toneIn: Writable | undefined;
  readonly #framesPerSecond: number;
  #startUnixMs = 0;
  #startMs = 0;
  #frames = 0;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(child: ChildProcess, options: CardOptions, onTag: (tag: FlvTag) => void) {
    this.#child = child;
    this.#framesPerSecond = framesPerSecond(options.frameRate);
    this.#clockIn = writable(child, cardPipes.clockIn);
    this.#toneIn = options.audio ? writable(child, cardPipes.toneIn) : undefined;
    forwardTags(readable(child, cardPipes.videoOut), onTag);
    if (options.audio) forwardTags(readable(child, cardPipes.audioOut), onTag);
    this.ended = this.#end(child);
  }

  /** Starts FFmpeg and the clock. `onTag` gets video and audio tags as they are made, each kind in order, timestamps from 0 ms. */
  static async start(options: CardOptions, onTag: (tag: FlvTag) => void): Promise<CardEncoder> {
    const args = cardArgs(options, await findFont());
    const child = spawn(options.ffmpegPath, args, {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      shell: false,
    });
    const encoder = new CardEncoder(child, options, onTag);
    encoder.#startUnixMs = Date.now();
    encoder.#startMs = performance.now();
    encoder.#draw();
    return encoder;
  }

  /** Ends FFmpeg. Idempotent; resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Writes every picture that is due, then sleeps until the next is. */
  #draw(): void {
    const elapsedMs = performance.now() - this.#startMs;
    const due = Math.floor((elapsedMs * this.#framesPerSecond) / 1000) + 1;
    const room = this.#clockIn.writableLength < maxBacklogSec * this.#framesPerSecond * clockBlocks;
    while (this.#frames < due) {
      if (room) this.#drawFrame();
      this.#frames += 1;
    }
    const nextMs = (this.#frames * 1000) / this.#framesPerSecond;
    this.#timer = setTimeout(() => this.#draw(), Math.max(1, nextMs - (performance.now() - this.#startMs)));
  }

  #drawFrame(): void {
    this.#clockIn.write(drawClock(Date.now()));
    const firstSample = this.#sampleOfFrame(this.#frames);
    const samples = this.#sampleOfFrame(this.#frames + 1) - firstSample;
    this.#toneIn?.write(writeTone(this.#startUnixMs + (firstSample * 1000) / toneSampleRate, samples));
  }

  #sampleOfFrame(frame: number): number {
    return Math.round((frame * toneSampleRate) / this.#framesPerSecond);
  }

  #end(child: ChildProcess): Promise<string | undefined> {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-keptErrorLength);
    });
    return new Promise((resolve) => {
      const finish = (reason: string) => {
        clearTimeout(this.#timer);
        resolve(this.#closing ? undefined : `${reason}: ${complaint.trim()}`);
      };
      child.once('error', (error) => finish(error.message));
      child.once('close', (code, signal) => finish(`FFmpeg ended (${code ?? signal})`));
    });
  }
}

function forwardTags(source: Readable, onTag: (tag: FlvTag) => void): void {
  // FFmpeg describes the file at its start; the stream's description is made by whoever publishes it.
  const reader = new FlvReader((tag) => {
    if (tag.type !== 'script') onTag(tag);
  });
  source.on('data', (bytes: Buffer) => reader.push(bytes));
  source.on('error', () => undefined);
}

function writable(child: ChildProcess, descriptor: number): Writable {
  const stream: unknown = child.stdio[descriptor];
  if (!(stream instanceof Writable)) throw new TypeError(`descriptor ${descriptor} of FFmpeg is not open`);
  // FFmpeg's end is reported by the process, not by its pipes.
  return stream.on('error', () => undefined);
}

function readable(child: ChildProcess, descriptor: number): Readable {
  const stream: unknown = child.stdio[descriptor];
  if (!(stream instanceof Readable)) throw new TypeError(`descriptor ${descriptor} of FFmpeg is not open`);
  return stream;
}
