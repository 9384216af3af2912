import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { liveError } from '@tallylight/protocol/errors.ts';
import type { ChildProcesses } from '../../../platform/child-process.ts';
import type { Logger } from '../../../platform/logger.ts';
import { pictureKind } from './picture-kind.ts';
import { DEFAULT_THUMBNAILS_LIMITS, type ThumbnailsLimits } from './thumbnails-limits.ts';

const CHILD = join(import.meta.dirname, 'thumbnail-child.ts');
/** Exit code of the child for a picture that it refuses. */
const REFUSED = 3;
/** A process that has not begun after so long never will, in milliseconds. */
const START_MS = 10_000;
/** V8's own memory in the child, in MiB: pictures lie outside of it. */
const CHILD_HEAP_MB = 64;

/** Makes uploaded pictures anew, each in a process of its own that has a deadline: a bomb harms nothing but its own upload. */
export class PictureMaker {
  readonly #children: ChildProcesses;
  readonly #log: Logger;
  readonly #limits: ThumbnailsLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: {
    readonly children: ChildProcesses;
    readonly log: Logger;
    readonly limits?: Partial<ThumbnailsLimits>;
  }) {
    this.#children = options.children;
    this.#log = options.log;
    this.#limits = { ...DEFAULT_THUMBNAILS_LIMITS, ...options.limits };
  }

  /**
   * The picture as JPEG, at most `maxWidth` wide and high, without what else was in its file. Rejects with PAYLOAD_TOO_LARGE,
   * UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST for one that cannot be read or has too many pixels, UNAVAILABLE when too many wait.
   */
  async make(bytes: Uint8Array): Promise<Buffer> {
    const { maxBytes } = this.#limits;
    if (bytes.length > maxBytes) {
      throw liveError('PAYLOAD_TOO_LARGE', `a picture has at most ${maxBytes} bytes, not ${bytes.length}`);
    }
    if (pictureKind(bytes) === undefined) {
      throw liveError('UNSUPPORTED_MEDIA_TYPE', 'a picture must be JPEG, PNG or WebP');
    }
    await this.#place();
    try {
      return await this.#run(bytes);
    } finally {
      // Whoever waits takes this place over: it is never free in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #place(): Promise<void> {
    if (this.#running >= this.#limits.maxAtOnce) {
      if (this.#waiting.length >= this.#limits.maxWaiting) {
        throw liveError('UNAVAILABLE', 'too many pictures are being made: try again', {
          retryAfterSeconds: 2,
        });
      }
      return new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    return undefined;
  }

  async #run(bytes: Uint8Array): Promise<Buffer> {
    const { maxPixels, maxPixelsWhole, maxWidth, timeoutMs } = this.#limits;
    const child = this.#children.spawn({
      file: process.execPath,
      args: [
        `--max-old-space-size=${CHILD_HEAP_MB}`,
        CHILD,
        ...[maxPixels, maxPixelsWhole, maxWidth].map(String),
      ],
      nice: 5,
      environment: ['PATH', 'LD_LIBRARY_PATH'],
    });
    let isLate = false;
    const killLate = (): void => {
      isLate = true;
      child.kill();
    };
    let deadline = setTimeout(killLate, START_MS);
    try {
      child.stdin.end(bytes);
      child.stdout.once('data', () => {
        clearTimeout(deadline);
        deadline = setTimeout(killLate, timeoutMs);
      });
      const [output, words, exit] = await Promise.all([
        buffer(child.stdout),
        text(child.stderr),
        child.exited,
      ]);
      const picture = output.subarray(1);
      if (exit.code === 0 && picture.length > 0) return picture;
      if (exit.code === REFUSED) throw liveError('INVALID_REQUEST', `the picture cannot be used: ${words}`);
      if (isLate) throw liveError('INVALID_REQUEST', `the picture takes longer than ${timeoutMs} ms to read`);
      this.#log.warn({ ...exit, words: words.slice(0, 300) }, 'a picture killed its child process');
      throw liveError('INVALID_REQUEST', 'the picture cannot be read');
    } finally {
      clearTimeout(deadline);
      child.kill();
    }
  }
}
