import { playWithOrWithoutSound } from './autoplay.ts';
import { bufferedMedia } from './buffered-media.ts';
import { HlsPlayback } from './hls-playback.ts';
import type { LatencyOptions } from './latency-controller.ts';
import { LiveFollower } from './live-follower.ts';
import { NativePlayback } from './native-playback.ts';
import type { Playback, PlaybackFailure, PlaybackListener } from './playback.ts';
import { type PlayerErrorCode, playerError } from './player-error.ts';
import { initialPlayerState, type PlayerState } from './player-state.ts';
import { playerStatus, publisherSilent } from './player-status.ts';
import { ProgressWatch } from './progress-watch.ts';
import { browserClockPorts, ServerClock } from './server-clock.ts';
import type { SourceCondition } from './source-probe.ts';
import { SourceSearch } from './source-search.ts';
import { type ReadableStore, Store } from './store.ts';

/** What a {@link Player} is made from. */
export interface PlayerOptions {
  /** The multivariant playlist; relative to the page. */
  readonly url: string;
  /** The element that shows the stream. The player uses it alone; attributes and looks stay the page's. */
  readonly media: HTMLMediaElement;
  /** Answers `{"epochMs": number}`; without it latency stays unknown. Default '/api/time'. */
  readonly serverTimeUrl?: string;
  /** See {@link LatencyOptions}. */
  readonly latency?: LatencyOptions;
}

/** Readings for the latency controller. */
const TICK_MS = 50;
/** The store is told of figures every so many ticks. */
const TICKS_PER_REPORT = 5;
/** With more media ahead than this a stop is the decoder's: a bigger buffer would not help. */
const STARVED_SEC = 0.15;
/** A media failure again within this time: wait before the next attempt. */
const MEDIA_RETRY_WINDOW_MS = 15_000;

const CODE_OF_CONDITION: Readonly<
  Record<Exclude<SourceCondition, 'live' | 'ended' | 'absent'>, PlayerErrorCode>
> = {
  busy: 'SERVER_BUSY',
  forbidden: 'FORBIDDEN',
  unreachable: 'SERVER_UNREACHABLE',
};

/**
 * Plays one live stream on a media element, close to the edge and for as long as it takes: it outlives stalls, a publisher
 * that comes back, and a server that is started anew. Methods ask; {@link Player.store} tells what the media element confirmed.
 */
export class Player {
  /** The state, read-only. */
  readonly store: ReadableStore<PlayerState>;
  readonly #store: Store<PlayerState>;
  readonly #url: string;
  readonly #media: HTMLMediaElement;
  readonly #clock: ServerClock;
  readonly #follower: LiveFollower;
  readonly #search: SourceSearch;
  readonly #progress = new ProgressWatch();
  readonly #closing = new AbortController();
  readonly #ticker: ReturnType<typeof setInterval>;
  #playback: Playback | undefined;
  #rendition = 'auto';
  #wantsPlay = false;
  #started = false;
  #everStarted = false;
  #waiting = false;
  #publisherWasSilent = false;
  #starved = false;
  #ended = false;
  #final = false;
  #reloadTimer: ReturnType<typeof setTimeout> | undefined;
  #lastMediaFailureMs = Number.NEGATIVE_INFINITY;
  #ticks = 0;

  constructor(options: PlayerOptions) {
    this.#url = new URL(options.url, document.baseURI).href;
    this.#media = options.media;
    this.#follower = new LiveFollower(options.media, options.latency);
    this.#search = new SourceSearch(this.#url, {
      found: () => {
        this.#load();
      },
      stillAway: (condition) => {
        this.#explainAbsence(condition);
      },
    });
    this.#store = new Store(initialPlayerState(this.#follower.targetTroughSec));
    this.store = this.#store;
    this.#clock = new ServerClock(browserClockPorts(options.serverTimeUrl ?? '/api/time'));
    this.#clock.start();
    this.#listen();
    this.#load();
    this.#ticker = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  /** Starts or resumes. With sound if the browser lets us, else without; state.mutedByAutoplay and state.playBlocked tell. */
  async play(): Promise<void> {
    this.#wantsPlay = true;
    const result = await playWithOrWithoutSound(this.#media);
    if (result === 'playing-muted') {
      this.#store.commit({ mutedByAutoplay: true });
    }
    if (result !== 'interrupted') {
      this.#store.commit({ playBlocked: result === 'blocked' });
    }
  }

  /** Stops at the picture on the screen. Playback is then behind live, and stays there until {@link goLive}. */
  pause(): void {
    this.#wantsPlay = false;
    this.#media.pause();
  }

  /** Shows the rendition of this id, or lets the player choose ('auto'). Kept over reconnections. */
  setRendition(id: string): void {
    this.#rendition = id;
    this.#follower.noteSwitch(performance.now());
    this.#playback?.selectRendition(id);
  }

  /** Jumps to the live edge, follows it again, and plays. */
  goLive(): void {
    this.#follower.goLive(this.#playback);
    void this.play();
  }

  /** Turns sound off or on. */
  setMuted(muted: boolean): void {
    this.#media.muted = muted;
    this.#store.commit({ mutedByAutoplay: false });
  }

  /** Loudness from 0 to 1; values outside are clipped. */
  setVolume(volume: number): void {
    this.#media.volume = Math.min(1, Math.max(0, volume));
  }

  /** Ends all requests and lets go of the media element. Idempotent. */
  destroy(): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#closing.abort();
    clearInterval(this.#ticker);
    clearTimeout(this.#reloadTimer);
    this.#search.stop();
    this.#clock.close();
    this.#playback?.close();
    this.#store.close();
  }

  #load(): void {
    clearTimeout(this.#reloadTimer);
    this.#search.stop();
    this.#playback?.close();
    this.#started = false;
    this.#waiting = false;
    this.#ended = false;
    this.#follower.restart();
    this.#progress.restart(performance.now());
    this.#store.commit({ error: undefined, latencyMs: undefined });
    this.#playback = this.#createPlayback();
    if (this.#wantsPlay) {
      void this.play();
    }
    this.#commitStatus();
  }

  #createPlayback(): Playback | undefined {
    const listener: PlaybackListener = {
      renditionsKnown: (renditions) => {
        this.#store.commit({ renditions });
      },
      renditionShown: (currentRenditionId, autoRendition) => {
        if (currentRenditionId !== this.#store.get().currentRenditionId) {
          this.#follower.noteSwitch(performance.now());
        }
        this.#store.commit({ currentRenditionId, autoRendition });
      },
      failed: (failure) => {
        this.#onFailure(failure);
      },
    };
    if (HlsPlayback.isSupported()) {
      return new HlsPlayback({ url: this.#url, media: this.#media, listener, rendition: this.#rendition });
    }
    if (NativePlayback.isSupported(this.#media)) {
      return new NativePlayback(this.#url, this.#media, listener);
    }
    this.#final = true;
    this.#store.commit({ error: playerError('HLS_UNSUPPORTED') });
    return undefined;
  }

  #listen(): void {
    const media = this.#media;
    const on = (type: keyof HTMLMediaElementEventMap, handler: () => void): void => {
      media.addEventListener(type, handler, { signal: this.#closing.signal });
    };
    on('playing', () => {
      this.#started = true;
      this.#everStarted = true;
      this.#endStall();
      this.#store.commit({ error: undefined });
      this.#commitStatus();
    });
    on('play', () => {
      this.#wantsPlay = true;
      this.#commitStatus();
    });
    on('pause', () => {
      if (!media.ended && this.#started) {
        this.#wantsPlay = false;
        this.#follower.leave();
      }
      this.#commitStatus();
    });
    on('waiting', () => {
      this.#onWaiting();
    });
    on('ended', () => {
      this.#onEnded();
    });
    on('volumechange', () => {
      this.#store.commit({ muted: media.muted, volume: media.volume });
    });
    on('ratechange', () => {
      this.#store.commit({ playbackRate: media.playbackRate });
    });
    on('resize', () => {
      if (media instanceof HTMLVideoElement) {
        this.#store.commit({ videoWidth: media.videoWidth, videoHeight: media.videoHeight });
      }
    });
    this.#store.commit({ muted: media.muted, volume: media.volume });
  }

  #onWaiting(): void {
    const { seeking, paused } = this.#media;
    if (this.#started && !seeking && !paused && !this.#follower.explainsWaiting(performance.now())) {
      this.#noteWaiting();
    }
  }

  #noteWaiting(): void {
    if (!this.#waiting) {
      this.#waiting = true;
      this.#publisherWasSilent = false;
      const { aheadSec } = bufferedMedia(this.#media.buffered, this.#media.currentTime);
      this.#starved = aheadSec < STARVED_SEC;
      this.#store.commit({ stallCount: this.#store.get().stallCount + 1 });
    }
    this.#commitStatus();
  }

  /** Only now is it known whether the viewer's network or the publisher was at fault. */
  #endStall(): void {
    if (this.#waiting) {
      this.#waiting = false;
      if (!this.#starved) {
        return;
      }
      this.#follower.noteStall(performance.now(), !this.#publisherWasSilent);
    }
  }

  #onEnded(): void {
    this.#lookFor('ended');
  }

  #onFailure(failure: PlaybackFailure): void {
    switch (failure.kind) {
      case 'unsupported':
        this.#final = true;
        this.#playback?.suspend();
        this.#store.commit({ error: playerError('CODEC_UNSUPPORTED', failure.detail) });
        this.#commitStatus();
        return;
      case 'window-lost':
        // Not from inside the event of the playback that is about to be closed.
        queueMicrotask(() => {
          this.#reload();
        });
        return;
      case 'network':
        this.#playback?.suspend();
        this.#lookFor(failure.condition, failure.detail);
        return;
      case 'media': {
        const nowMs = performance.now();
        const again = nowMs - this.#lastMediaFailureMs < MEDIA_RETRY_WINDOW_MS;
        this.#lastMediaFailureMs = nowMs;
        this.#playback?.suspend();
        this.#store.commit({ error: playerError('MEDIA_BROKEN', failure.detail) });
        this.#reloadTimer = setTimeout(
          () => {
            this.#reload();
          },
          again ? 3_000 : 0,
        );
      }
    }
  }

  #reload(): void {
    if (!this.#closing.signal.aborted && !this.#final) {
      this.#load();
    }
  }

  /** The source is away, or ended: look for it until it is live, and leave the last picture on the screen meanwhile. */
  #lookFor(condition: SourceCondition, detail?: string): void {
    this.#search.start();
    this.#explainAbsence(condition, detail);
  }

  #explainAbsence(condition: SourceCondition, detail?: string): void {
    if (condition === 'ended') {
      this.#ended = true;
      this.#store.commit({ error: undefined });
    } else if (!this.#ended || condition !== 'absent') {
      const gone = condition === 'absent' || condition === 'live';
      const code = gone
        ? this.#everStarted
          ? 'PUBLISHER_LOST'
          : 'STREAM_NOT_LIVE'
        : CODE_OF_CONDITION[condition];
      this.#store.commit({ error: playerError(code, detail) });
    }
    this.#commitStatus();
  }

  #tick(): void {
    const media = this.#media;
    const nowMs = performance.now();
    const latencyMs = this.#started ? this.#latencyMs() : undefined;
    const flowing =
      this.#started && !media.paused && !media.seeking && media.readyState >= 3 && !this.#search.running;
    const reading = this.#follower.tick({ nowMs, playback: this.#playback, latencyMs, flowing });
    this.#watchProgress(nowMs);
    this.#ticks += 1;
    if (this.#ticks % TICKS_PER_REPORT === 0) {
      this.#store.commit({ ...reading, latencyMs });
      this.#commitStatus();
    }
  }

  #latencyMs(): number | undefined {
    const nowEpochMs = this.#clock.nowEpochMs();
    const playheadEpochMs = this.#playback?.playheadEpochMs;
    return nowEpochMs === undefined || playheadEpochMs === undefined
      ? undefined
      : nowEpochMs - playheadEpochMs;
  }

  #watchProgress(nowMs: number): void {
    const media = this.#media;
    const silent = publisherSilent({ sinceAdvanceSec: this.#playback?.sinceAdvanceSec });
    const progress = this.#progress.tick({
      nowMs,
      currentTimeSec: media.currentTime,
      // A rate of 0 is the latency controller's own stop.
      expected: this.#started && !media.paused && media.playbackRate !== 0 && !this.#search.running,
      ready: !media.seeking && media.readyState >= 3,
      playlistEnded: this.#playback?.playlistEnded === true,
      publisherSilent: silent,
    });
    if (progress === 'moving') {
      this.#endStall();
    } else if (progress === 'waiting') {
      this.#noteWaiting();
    } else if (progress === 'stuck') {
      this.#reload();
    } else if (progress === 'ended') {
      this.#lookFor('ended');
    }
  }

  #commitStatus(): void {
    const { error } = this.#store.get();
    const facts = {
      ended: this.#ended,
      searching: this.#search.running,
      error,
      final: this.#final,
      started: this.#started,
      mediaPaused: this.#media.paused && !this.#wantsPlay,
      waiting: this.#waiting,
      sinceAdvanceSec: this.#playback?.sinceAdvanceSec,
    };
    const status = playerStatus(facts);
    this.#publisherWasSilent ||= status === 'waiting-for-publisher';
    if (status === 'waiting-for-publisher' && error === undefined) {
      this.#store.commit({ status, error: playerError('PUBLISHER_LOST') });
    } else {
      this.#store.commit({ status });
    }
  }
}
