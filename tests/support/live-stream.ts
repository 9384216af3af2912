import type { MediaPlaylist } from '@tallylight/hls/media-playlist.ts';
import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { type ClipOptions, makeClip } from './clip.ts';
import { FlvSource, type FlvSourceOptions } from './flv-source.ts';
import { type HttpAnswer, httpGet } from './http-client.ts';
import { Tallylight } from './tallylight.ts';
import { waitFor } from './wait-for.ts';

/** How the stream and its server are started. */
export interface LiveStreamOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  /** A server that runs already and stays; `env` and `tls` are of no effect then. */
  readonly on?: Tallylight;
  /** Name of the stream. Default `studio`. */
  readonly name?: string;
  /** Default: one keyframe a second, so that segments come quickly. */
  readonly clip?: ClipOptions;
  readonly source?: Omit<Partial<FlvSourceOptions>, 'port' | 'key'>;
}

/** Segments of one second, the shortest window that is allowed, and no encoder: enough to look at the origin, quickly. */
export const QUICK_ENV = {
  LADDER: 'off',
  SEGMENT_DURATION_MS: '1000',
  TARGET_DURATION_SEC: '2',
  WINDOW_SEGMENTS: '6',
} as const;

/** A server of ours with one stream on it. */
export class LiveStream {
  readonly server: Tallylight;
  source: FlvSource;
  readonly #name: string;
  readonly #key: string;
  readonly #ownsServer: boolean;

  private constructor(server: Tallylight, name: string, key: string, source: FlvSource, ownsServer: boolean) {
    this.server = server;
    this.#name = name;
    this.#key = key;
    this.#ownsServer = ownsServer;
    this.source = source;
  }

  /** Starts a server with `QUICK_ENV`, unless one is given, and publishes to it. Resolves when the stream can be watched. */
  static async start(options: LiveStreamOptions = {}): Promise<LiveStream> {
    const { env = {}, tls = false, clip = {}, source = {}, name = 'studio', on } = options;
    const file = await makeClip({ gop: 30, ...clip });
    const server = on ?? (await Tallylight.start({ env: { ...QUICK_ENV, ...env }, tls }));
    const key = await server.addKey(name);
    const playing = await FlvSource.start({ port: server.rtmpPort, key, files: [file], ...source });
    const stream = new LiveStream(server, name, key, playing, on === undefined);
    await stream.playable();
    return stream;
  }

  /** URL of the multivariant playlist. */
  get url(): string {
    return this.server.playlistUrl(this.#name);
  }

  /** URL of a file of a rendition; its playlist by default. */
  rendition(id: string, file = 'index.m3u8'): string {
    return new URL(`${id}/${file}`, this.url).href;
  }

  /** Waits for the multivariant playlist. */
  async playable(): Promise<void> {
    await waitFor(
      'a multivariant playlist',
      async () => (await httpGet(this.url)).status === 200,
      10_000,
      20,
    );
  }

  /** Publishes again with the same key, once the source before has left. */
  async publishAgain(
    options: Partial<FlvSourceOptions> & { readonly clip?: ClipOptions } = {},
  ): Promise<void> {
    const { clip = {}, ...source } = options;
    const file = await makeClip({ gop: 30, ...clip });
    this.source = await FlvSource.start({
      port: this.server.rtmpPort,
      key: this.#key,
      files: [file],
      ...source,
    });
  }

  /** The present playlist of a rendition, or the one that a query brings. Throws when the status is not 200. */
  async playlist(id: string, query = ''): Promise<MediaPlaylist> {
    const answer = await this.ask(id, query);
    if (answer.status !== 200)
      throw new Error(`${answer.status} for ${id}${query}: ${answer.body.toString()}`);
    return parseMediaPlaylist(answer.body.toString());
  }

  /** Any request for a rendition's playlist. */
  ask(id: string, query = ''): Promise<HttpAnswer> {
    return httpGet(`${this.rendition(id)}${query}`);
  }

  /** Waits until the playlist of a rendition is as it should be, and returns it. */
  until(
    what: string,
    id: string,
    holds: (playlist: MediaPlaylist) => boolean,
    timeoutMs = 10_000,
  ): Promise<MediaPlaylist> {
    const probe = async (): Promise<MediaPlaylist | false> => {
      const playlist = await this.playlist(id);
      return holds(playlist) && playlist;
    };
    return waitFor<MediaPlaylist | false>(what, probe, timeoutMs, 15);
  }

  /** Stops the source, and the server that was started for it. */
  async close(): Promise<void> {
    this.source.kill();
    if (this.#ownsServer) await this.server.stop();
  }
}

/** MSN of the segment after the last complete one: that of the open segment. */
export function openMsn(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.segments.length;
}

/** How many parts of the open segment are listed. */
export function openParts(playlist: MediaPlaylist): number {
  return playlist.open?.parts.length ?? 0;
}
