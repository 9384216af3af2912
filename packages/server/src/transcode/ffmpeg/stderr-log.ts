/** Lines kept for the report of an FFmpeg's death. */
const TAIL_LINES = 20;
/** Longest line kept. */
const MAX_LINE = 300;
/** Lines logged within one window; a corrupt stream makes thousands. */
const LINES_PER_WINDOW = 10;
const WINDOW_MS = 10_000;
/** What FFmpeg says because we do not let it guess the frame rate, and of each browser's full-range picture, which it converts rightly. */
const EXPECTED = /not enough frames to estimate rate|deprecated pixel format used/;

/** FFmpeg's messages: bounded, without control characters, addresses or secrets, and few of them when there are many. */
export class StderrLog {
  readonly #onLine: (line: string, suppressed: number) => void;
  readonly #monotonicMs: () => number;
  readonly #tail: string[] = [];
  #rest = '';
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #linesInWindow = 0;
  #suppressed = 0;

  /** `onLine` gets each line to log, and how many were suppressed before it. */
  constructor(onLine: (line: string, suppressed: number) => void, monotonicMs: () => number) {
    this.#onLine = onLine;
    this.#monotonicMs = monotonicMs;
  }

  /** The last lines, oldest first. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** Takes the next piece of text. */
  push(text: string): void {
    const lines = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line.length > 0) this.#line(redact(line.slice(0, MAX_LINE)));
  }

  #line(line: string): void {
    if (EXPECTED.test(line)) return;
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#windowStartMs > WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#linesInWindow = 0;
    }
    if (++this.#linesInWindow > LINES_PER_WINDOW) {
      this.#suppressed++;
      return;
    }
    this.#onLine(line, this.#suppressed);
    this.#suppressed = 0;
  }
}

/** A line without control characters, URLs' paths and anything that looks like a key. */
export function redact(line: string): string {
  return line
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\b([a-z][a-z0-9+.-]*):\/\/\S+/gi, '$1://[redacted]')
    .replace(/\blive_\S+/g, '[redacted]')
    .replace(/\b(key|token|secret|password)=\S+/gi, '$1=[redacted]');
}
