import { bufferedMedia } from './buffered-media.ts';
import type { LiveFollower } from './live-follower.ts';
import { playerError } from './player-error.ts';
import type { PlayerState } from './player-state.ts';
import { playerStatus, publisherSilent } from './player-status.ts';
import { type Progress, ProgressWatch } from './progress-watch.ts';
import type { ServerClock } from './server-clock.ts';
import { StallAccount } from './stall-account.ts';
import type { Store } from './store.ts';
import type { TransportSwitch } from './transport-switch.ts';
import { connectionFigures } from './whep-figures.ts';
import type { LatencyEstimate } from './whep-latency.ts';
import { WhepPlayback } from './whep-playback.ts';

/** What a {@link PlaybackMonitor} watches. */
export interface PlaybackMonitorOptions {
  readonly media: HTMLMediaElement;
  readonly store: Store<PlayerState>;
  readonly follower: LiveFollower;
  readonly clock: ServerClock;
  readonly transports: TransportSwitch;
  /** The viewer wants it to play. */
  readonly wantsPlay: () => boolean;
}

/** The store is told of figures every so many ticks. */
const TICKS_PER_REPORT = 5;

/** Watches what plays: whether it moves, how far behind it is, and what status that amounts to. */
export class PlaybackMonitor {
  readonly #options: PlaybackMonitorOptions;
  readonly #progress = new ProgressWatch();
  readonly #stall = new StallAccount();
  #started = false;
  #everStarted = false;
  #ticks = 0;

  constructor(options: PlaybackMonitorOptions) {
    this.#options = options;
  }

  /** This playback has shown a picture. */
  get started(): boolean {
    return this.#started;
  }

  /** Some playback has. */
  get everStarted(): boolean {
    return this.#everStarted;
  }

  /** Another playback begins: what was measured says nothing about it. */
  restart(): void {
    this.#started = false;
    this.#stall.reset();
    this.#options.follower.restart();
    this.#progress.restart(performance.now());
    this.#options.store.commit({ latencyMs: undefined, latencyBasis: undefined, connection: undefined });
  }

  /** The media element said `playing`. */
  notePlaying(): void {
    this.#started = true;
    this.#everStarted = true;
    this.#endStall();
    this.#options.store.commit({ error: undefined });
    this.commitStatus();
  }

  /** The media element said `waiting`; a playback with a watch of its own knows better. */
  noteWaiting(): void {
    const { media, follower, transports } = this.#options;
    const expected = media.seeking || media.paused || follower.explainsWaiting(performance.now());
    if (this.#started && !expected && transports.playback?.progress === undefined) {
      this.#beginStall();
    }
  }

  /** Takes all readings, about every 50 ms. */
  tick(nowMs: number): void {
    const { media, store, follower, transports } = this.#options;
    const { playback } = transports;
    const latency = this.#started ? this.#latency() : undefined;
    const latencyMs = latency?.latencyMs;
    const flowing =
      this.#started && !media.paused && !media.seeking && media.readyState >= 3 && !transports.searching;
    const reading = follower.tick({ nowMs, playback, latencyMs, flowing });
    this.#watchProgress(nowMs);
    this.#ticks += 1;
    if (this.#ticks % TICKS_PER_REPORT === 0) {
      store.commit({ ...reading, latencyMs, latencyBasis: latency?.basis });
      if (playback instanceof WhepPlayback) {
        store.commit({ connection: connectionFigures(playback.reading) });
      }
      this.commitStatus();
    }
  }

  /** Works the status out anew. */
  commitStatus(): void {
    const { media, store, transports, wantsPlay } = this.#options;
    const { error } = store.get();
    const status = playerStatus({
      ended: transports.ended,
      searching: transports.searching,
      error,
      final: transports.final,
      started: this.#started,
      mediaPaused: media.paused && !wantsPlay(),
      waiting: this.#stall.waiting,
      sinceAdvanceSec: transports.playback?.sinceAdvanceSec,
    });
    if (status === 'waiting-for-publisher') {
      this.#stall.notePublisherSilent();
    }
    if (status === 'waiting-for-publisher' && error === undefined) {
      store.commit({ status, error: playerError('PUBLISHER_LOST') });
    } else {
      store.commit({ status });
    }
  }

  #latency(): LatencyEstimate | undefined {
    const { media, clock, transports } = this.#options;
    const { playback } = transports;
    const nowEpochMs = clock.nowEpochMs();
    if (playback?.estimateLatency !== undefined) {
      // What comes by WebRTC while the picture is paused is not on the screen.
      return media.paused ? undefined : playback.estimateLatency(nowEpochMs);
    }
    const playheadEpochMs = playback?.playheadEpochMs;
    return nowEpochMs === undefined || playheadEpochMs === undefined
      ? undefined
      : { latencyMs: nowEpochMs - playheadEpochMs, basis: 'program-date-time' };
  }

  #watchProgress(nowMs: number): void {
    switch (this.#judgeProgress(nowMs)) {
      case 'moving':
        this.#endStall();
        break;
      case 'waiting':
        this.#beginStall();
        break;
      case 'stuck':
        this.#options.transports.reload();
        break;
      case 'ended':
        this.#options.transports.playbackEnded();
        break;
      default:
    }
  }

  #judgeProgress(nowMs: number): Progress {
    const { media, transports } = this.#options;
    const { playback, searching } = transports;
    const moves = this.#started && !media.paused && !searching;
    if (playback?.progress !== undefined) {
      return moves ? playback.progress : 'fine';
    }
    return this.#progress.tick({
      nowMs,
      currentTimeSec: media.currentTime,
      // A rate of 0 is the latency controller's own stop.
      expected: moves && media.playbackRate !== 0,
      ready: !media.seeking && media.readyState >= 3,
      playlistEnded: playback?.playlistEnded === true,
      publisherSilent: publisherSilent({ sinceAdvanceSec: playback?.sinceAdvanceSec }),
    });
  }

  #beginStall(): void {
    const { media, store } = this.#options;
    const { aheadSec } = bufferedMedia(media.buffered, media.currentTime);
    if (this.#stall.begin(aheadSec)) {
      store.commit({ stallCount: store.get().stallCount + 1 });
    }
    this.commitStatus();
  }

  #endStall(): void {
    const { store, follower, transports } = this.#options;
    const stall = this.#stall.end();
    if (stall === undefined) {
      return;
    }
    store.commit({ error: undefined });
    if (stall.publisherWasSilent) {
      transports.publisherReturned();
    }
    if (stall.starved && transports.playback?.transport !== 'whep') {
      follower.noteStall(performance.now(), !stall.publisherWasSilent);
    }
  }
}
