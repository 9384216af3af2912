/** One report of FFmpeg's `-progress`, as far as we use it. */
export interface FfmpegProgress {
  /** Pictures that left the first encoder so far. */
  readonly frame?: number;
  /** Pictures a second, averaged over its life. */
  readonly fps?: number;
  /** Pictures that FFmpeg dropped by itself; with passthrough timing it never should. */
  readonly droppedFrames?: number;
  /** Media time over wall time, averaged over its life. */
  readonly speed?: number;
  /** True in the last report. */
  readonly ended: boolean;
}

/** Longest line that is looked at; FFmpeg's are below 40 characters. */
const MAX_LINE = 256;

/** Reads `key=value` lines that arrive in pieces; a report ends with the line `progress=…`. */
export class ProgressReader {
  readonly #onProgress: (progress: FfmpegProgress) => void;
  #rest = '';
  #fields = new Map<string, string>();

  constructor(onProgress: (progress: FfmpegProgress) => void) {
    this.#onProgress = onProgress;
  }

  /** Takes the next piece of text. Lines that are no `key=value`, or too long, are passed over. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const at = line.indexOf('=');
    if (at <= 0 || line.length > MAX_LINE) return;
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (key !== 'progress') {
      // A report has some twenty keys, and three more for each output.
      if (this.#fields.size < 200) this.#fields.set(key, value);
      return;
    }
    const fields = this.#fields;
    this.#fields = new Map();
    this.#onProgress({
      ...numberField('frame', fields.get('frame')),
      ...numberField('fps', fields.get('fps')),
      ...numberField('droppedFrames', fields.get('drop_frames')),
      ...numberField('speed', fields.get('speed')?.replace(/x$/, '')),
      ended: value === 'end',
    });
  }
}

function numberField<K extends string>(key: K, text: string | undefined): { readonly [key in K]?: number } {
  // FFmpeg writes N/A until it knows.
  if (text === undefined || !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) return {};
  return { [key]: Number(text) } as { [key in K]?: number };
}
