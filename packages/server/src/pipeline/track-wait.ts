import type { Track } from '../stream/track.ts';

/** How long announced audio is waited for, in milliseconds; silence takes its place then, and sound may still come. */
const ANNOUNCED_AUDIO_MS = 1000;
/** How long announced video is waited for, in milliseconds: without it viewers get a stream of sound. */
const ANNOUNCED_VIDEO_MS = 8000;

/** What a stream consists of, as far as the publisher has shown. */
export interface Layout {
  readonly video: boolean;
  readonly audio: boolean;
}

/**
 * Decides when enough is known of a publisher's tracks to begin: at once when both are there or the publisher announced only one,
 * else after a short wait.
 */
export class TrackWait {
  readonly #secondTrackWaitMs: number;
  readonly #announcedAudioMs: number;
  #expected: Layout | undefined;
  #video = false;
  #audio = false;
  #sinceMs: number | undefined;

  /** @param soundIsKnown what viewers will hear is known before it comes, so that announced audio need not be waited for. */
  constructor(secondTrackWaitMs: number, soundIsKnown = false) {
    this.#secondTrackWaitMs = secondTrackWaitMs;
    this.#announcedAudioMs = soundIsKnown ? 0 : ANNOUNCED_AUDIO_MS;
  }

  /** The publisher's announcement. */
  expect(layout: Layout): void {
    this.#expected = layout;
  }

  /** A track was announced, at this monotonic time. */
  see(kind: Track['kind'], nowMs: number): void {
    if (kind === 'video') this.#video = true;
    else this.#audio = true;
    this.#sinceMs ??= nowMs;
  }

  /** The tracks to begin with, or undefined while it is too early to say. */
  decide(nowMs: number): Layout | undefined {
    if (this.#sinceMs === undefined) return undefined;
    const layout = { video: this.#video, audio: this.#audio };
    if (this.#video && this.#audio) return layout;
    const missing = this.#video ? this.#expected?.audio : this.#expected?.video;
    if (missing === false) return layout;
    const announcedMs = this.#video ? this.#announcedAudioMs : ANNOUNCED_VIDEO_MS;
    const waitMs = missing === true ? announcedMs : this.#secondTrackWaitMs;
    return nowMs - this.#sinceMs >= waitMs ? layout : undefined;
  }
}
