import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';

/** Last words of FFmpeg that are kept for the error message. */
const keptErrorLength = 2000;

/**
 * An FFmpeg that reads raw frames of one kind on stdin and writes FLV to stdout. No shell, no network, no file. When we die, its stdin
 * ends, and with it FFmpeg.
 */
export class EncoderProcess {
  /** Where the raw frames go. Writing after the end is harmless. */
  readonly input: Writable;
  /** Resolves when FFmpeg has ended: with its complaint, or undefined when `close` ended it. Never rejects. */
  readonly ended: Promise<string | undefined>;
  readonly #kill: () => void;
  #closing = false;

  constructor(ffmpegPath: string, args: readonly string[], onTag: (tag: FlvTag) => void) {
    const child = spawn(ffmpegPath, args, { stdio: ['pipe', 'pipe', 'pipe'], shell: false });
    this.#kill = () => child.kill('SIGKILL');
    this.input = child.stdin;
    // What happens to FFmpeg is reported by its end, not by its pipes.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => undefined);
    // FFmpeg describes the file at its start; the stream is described by whoever publishes it.
    const reader = new FlvReader((tag) => {
      if (tag.type !== 'script') onTag(tag);
    });
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      try {
        reader.push(bytes);
      } catch (error) {
        complaint += String(error);
        child.stdout.destroy();
        this.#kill();
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-keptErrorLength);
    });
    this.ended = new Promise((resolve) => {
      const finish = (reason: string) =>
        resolve(this.#closing ? undefined : `${reason}: ${complaint.trim()}`);
      child.once('error', (error) => finish(error.message));
      child.once('close', (code, signal) => finish(`FFmpeg ended (${code ?? signal})`));
    });
  }

  /** Ends FFmpeg. Idempotent; resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#kill();
    await this.ended;
  }
}
