import type { Playback, PlaybackListener } from './playback.ts';

/** The part of Safari's media element that the DOM types leave out: the date of media time 0, from EXT-X-PROGRAM-DATE-TIME. */
interface DatedMediaElement extends HTMLMediaElement {
  getStartDate?: () => Date;
}

/** Distance to the end of `seekable` that Safari plays without a stall. */
const EDGE_DISTANCE_SEC = 1;
const MIME_TYPE = 'application/vnd.apple.mpegurl';

/** Plays by the browser's own HLS client, where Media Source Extensions are absent (Safari on older iPhones). No menu, no steering. */
export class NativePlayback implements Playback {
  readonly transport = 'native-hls';
  /** Safari answers a varied rate at the live edge with stalls (hls.js #5527). */
  readonly steerable = false;
  readonly #media: DatedMediaElement;
  readonly #ending = new AbortController();
  #seekableEndSec = 0;
  #advancedMs = performance.now();

  constructor(url: string, media: HTMLMediaElement, listener: PlaybackListener) {
    this.#media = media;
    media.addEventListener(
      'error',
      () => {
        const { error } = media;
        const detail = `media error ${String(error?.code)}: ${error?.message ?? ''}`;
        listener.failed(
          error?.code === MediaError.MEDIA_ERR_DECODE
            ? { kind: 'media', detail }
            : { kind: 'network', condition: 'unreachable', detail },
        );
      },
      { signal: this.#ending.signal },
    );
    media.addEventListener(
      'loadedmetadata',
      () => {
        listener.renditionShown(undefined, true);
      },
      { signal: this.#ending.signal },
    );
    media.src = url;
  }

  /** Whether this browser can play this way. */
  static isSupported(media: HTMLMediaElement): boolean {
    return media.canPlayType(MIME_TYPE) !== '';
  }

  get playheadEpochMs(): number | undefined {
    const startMs = this.#media.getStartDate?.().getTime();
    return startMs === undefined || Number.isNaN(startMs)
      ? undefined
      : startMs + this.#media.currentTime * 1000;
  }

  get liveEdgeSec(): number | undefined {
    const { seekable } = this.#media;
    return seekable.length === 0 ? undefined : seekable.end(seekable.length - 1) - EDGE_DISTANCE_SEC;
  }

  get sinceAdvanceSec(): number | undefined {
    const endSec = this.liveEdgeSec;
    if (endSec !== undefined && endSec > this.#seekableEndSec) {
      this.#seekableEndSec = endSec;
      this.#advancedMs = performance.now();
    }
    return (performance.now() - this.#advancedMs) / 1000;
  }

  get playlistEnded(): boolean {
    return Number.isFinite(this.#media.duration);
  }

  selectRendition(): void {
    // The browser chooses, and offers no say in it.
  }

  suspend(): void {
    // The browser keeps the last picture by itself.
  }

  close(): void {
    if (!this.#ending.signal.aborted) {
      this.#ending.abort();
      this.#media.removeAttribute('src');
      this.#media.load();
    }
  }
}
