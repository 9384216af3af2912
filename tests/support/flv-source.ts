import { readFile } from 'node:fs/promises';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';

/** What a source plays, and how. */
export interface FlvSourceOptions {
  readonly port: number;
  readonly key: string;
  /** Played one after the other in one RTMP session, configuration tags and all. */
  readonly files: readonly string[];
  /** Where to begin in the first file, in milliseconds; configuration tags are always sent. Default 0. */
  readonly fromMs?: number;
  /** So much is sent at once at the start, in milliseconds, as after a stall of the network. Default 0. */
  readonly burstMs?: number;
  /** Changes or drops a tag just before it goes out; `elapsedMs` counts from the source's first tag. */
  readonly edit?: (tag: FlvTag, elapsedMs: number) => FlvTag | undefined;
}

/** A tag and when it is due, counted from the first. */
interface Due {
  readonly tag: FlvTag;
  readonly atMs: number;
}

/** Tags sent in one go before the server gets a turn. */
const MAX_BURST_TAGS = 64;

/** Plays FLV files to an RTMP server in real time from within the test: cheap, and obedient where FFmpeg has its own mind. */
export class FlvSource {
  readonly publisher: RtmpPublisher;
  readonly #tags: readonly Due[];
  readonly #edit: (tag: FlvTag, elapsedMs: number) => FlvTag | undefined;
  readonly #finished = Promise.withResolvers<void>();
  #startedMs: number;
  #pausedMs: number | undefined;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(publisher: RtmpPublisher, tags: readonly Due[], options: FlvSourceOptions) {
    this.publisher = publisher;
    this.#tags = tags;
    this.#edit = options.edit ?? ((tag) => tag);
    this.#startedMs = performance.now() - (options.burstMs ?? 0);
    void publisher.closed.then(() => this.#finish());
    this.#step();
  }

  /** Connects and begins to play. Rejects with the server's words when it refuses. */
  static async start(options: FlvSourceOptions): Promise<FlvSource> {
    const tags = await readTags(options.files, options.fromMs ?? 0);
    const publisher = await RtmpPublisher.publish({ port: options.port, key: options.key });
    publisher.setChunkBytes(4096);
    return new FlvSource(publisher, tags, options);
  }

  /** Resolves when all was played or the connection was closed. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Sends nothing until `resume`. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#pausedMs ??= performance.now();
  }

  /** Goes on; `skip`: where the file would be had it gone on meanwhile, instead of where it stopped. */
  resume({ skip = false } = {}): void {
    if (this.#pausedMs === undefined) return;
    const pausedForMs = performance.now() - this.#pausedMs;
    this.#pausedMs = undefined;
    if (skip) {
      const elapsedMs = performance.now() - this.#startedMs;
      while ((this.#tags[this.#next]?.atMs ?? Infinity) < elapsedMs) this.#next++;
    } else this.#startedMs += pausedForMs;
    this.#step();
  }

  /** Says goodbye as encoders do. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.publisher.unpublish();
    this.#finish();
  }

  /** Cuts the connection without a word. Idempotent. */
  kill(): void {
    this.publisher.destroy();
    this.#finish();
  }

  #step(): void {
    const elapsedMs = performance.now() - this.#startedMs;
    for (let sent = 0; sent < MAX_BURST_TAGS; sent++) {
      const due = this.#tags[this.#next];
      if (due === undefined || due.atMs > elapsedMs) break;
      this.#next++;
      const tag = this.#edit(due.tag, due.atMs);
      if (tag !== undefined && tag.type !== 'script')
        this.publisher.sendTag(tag.type, tag.timestampMs, [tag.body]);
    }
    const due = this.#tags[this.#next];
    if (due === undefined) this.#finish();
    else
      this.#timer = setTimeout(
        () => this.#step(),
        Math.max(1, due.atMs - (performance.now() - this.#startedMs)),
      );
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#finished.resolve();
  }
}

/** True for a sequence header: AVCPacketType or AACPacketType 0 (Adobe FLV 10.1 §E.4.2.1, §E.4.3.1). */
export function isConfiguration({ type, body }: FlvTag): boolean {
  if (type === 'audio') return ((body[0] ?? 0) & 0xf0) === 0xa0 && body[1] === 0;
  return type === 'video' && ((body[0] ?? 0) & 0x0f) === 7 && body[1] === 0;
}

async function readTags(files: readonly string[], fromMs: number): Promise<Due[]> {
  const all: Due[] = [];
  let offsetMs = -fromMs;
  for (const [index, file] of files.entries()) {
    const tags: FlvTag[] = [];
    const reader = new FlvReader((tag) => tags.push({ ...tag, body: tag.body.slice() }));
    reader.push(await readFile(file));
    const skipMs = index === 0 ? fromMs : 0;
    let lastMs = 0;
    for (const tag of tags) {
      if (tag.timestampMs < skipMs && !isConfiguration(tag)) continue;
      const atMs = Math.max(0, tag.timestampMs + offsetMs);
      all.push({ tag: { ...tag, timestampMs: atMs }, atMs });
      lastMs = Math.max(lastMs, atMs);
    }
    offsetMs = lastMs + 33;
  }
  return all;
}
