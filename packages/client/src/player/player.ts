import { playWithOrWithoutSound } from './autoplay.ts';
import { LiveFollower } from './live-follower.ts';
import { listenToMedia } from './media-events.ts';
import { PlaybackMonitor } from './playback-monitor.ts';
import type { PlayerAddresses, PlayerOptions } from './player-options.ts';
import { initialPlayerState, type PlayerState } from './player-state.ts';
import { browserClockPorts, ServerClock } from './server-clock.ts';
import { type ReadableStore, Store } from './store.ts';
import { TransportSwitch } from './transport-switch.ts';

/** Readings for the latency controller. */
const TICK_MS = 50;

/**
 * Plays one live stream on a media element, close to the edge and for as long as it takes: by LL-HLS, or by WebRTC for as long
 * as that works. It outlives stalls, a publisher that comes back, and a server that is started anew. Methods ask;
 * {@link Player.store} tells what the media element confirmed.
 */
export class Player {
  /** The state, read-only. */
  readonly store: ReadableStore<PlayerState>;
  readonly #store: Store<PlayerState>;
  readonly #media: HTMLMediaElement;
  readonly #clock: ServerClock;
  readonly #follower: LiveFollower;
  readonly #transports: TransportSwitch;
  readonly #monitor: PlaybackMonitor;
  readonly #closing = new AbortController();
  readonly #ticker: ReturnType<typeof setInterval>;
  #wantsPlay = false;

  constructor(options: PlayerOptions) {
    this.#media = options.media;
    this.#follower = new LiveFollower(options.media, options.latency);
    this.#store = new Store(initialPlayerState(this.#follower.targetTroughSec));
    this.store = this.#store;
    this.#clock = new ServerClock(browserClockPorts(options.serverTimeUrl ?? '/api/time'));
    this.#clock.start();
    this.#transports = this.#createTransports(options);
    this.#monitor = new PlaybackMonitor({
      media: options.media,
      store: this.#store,
      follower: this.#follower,
      clock: this.#clock,
      transports: this.#transports,
      wantsPlay: () => this.#wantsPlay,
    });
    this.#listen();
    this.#transports.setUltraLowLatency(options.ultraLowLatency ?? false);
    this.#monitor.commitStatus();
    this.#ticker = setInterval(() => {
      const nowMs = performance.now();
      this.#transports.tick(nowMs);
      this.#monitor.tick(nowMs);
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

  /** Stops at the picture on the screen. LL-HLS is then behind live, and stays there until {@link goLive}; WebRTC resumes at the edge. */
  pause(): void {
    this.#wantsPlay = false;
    this.#media.pause();
  }

  /**
   * The same stream under other addresses, such as with a new token in them. What plays goes on: LL-HLS fetches everything by the new
   * ones from now on, WebRTC uses them for its next connection. Only Safari's own HLS client has to begin anew.
   */
  renew(addresses: PlayerAddresses): void {
    if (!this.#closing.signal.aborted) {
      this.#transports.renew(addresses);
    }
  }

  /** Shows the rendition of this id, or lets the player choose ('auto'). Kept over reconnections. A fixed rendition comes by LL-HLS. */
  setRendition(id: string): void {
    this.#follower.noteSwitch(performance.now());
    this.#transports.setRendition(id);
  }

  /**
   * Plays by WebRTC (WHEP) when that is possible, else by LL-HLS; `state.transportReason` tells. Turning it on lets the player
   * choose the rendition, and tries at once what failed before.
   */
  setUltraLowLatency(on: boolean): void {
    this.#transports.setUltraLowLatency(on);
  }

  /** Jumps to the live edge, follows it again, and plays. */
  goLive(): void {
    this.#follower.goLive(this.#transports.playback);
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
    this.#clock.close();
    this.#transports.close();
    this.#store.close();
  }

  #createTransports(player: PlayerOptions): TransportSwitch {
    return new TransportSwitch({
      player,
      store: this.#store,
      listener: {
        changing: () => {
          this.#monitor.restart();
        },
        changed: () => {
          if (this.#wantsPlay) {
            void this.play();
          }
          this.#monitor.commitStatus();
        },
        statusMayDiffer: () => {
          this.#monitor.commitStatus();
        },
        renditionSwitching: () => {
          this.#follower.noteSwitch(performance.now());
        },
        everStarted: () => this.#monitor.everStarted,
      },
    });
  }

  #listen(): void {
    const handlers = {
      playing: (): void => {
        this.#monitor.notePlaying();
      },
      play: (): void => {
        this.#wantsPlay = true;
        this.#monitor.commitStatus();
      },
      pause: (): void => {
        if (!this.#media.ended && this.#monitor.started) {
          this.#wantsPlay = false;
          this.#follower.leave();
        }
        this.#monitor.commitStatus();
      },
      waiting: (): void => {
        this.#monitor.noteWaiting();
      },
      ended: (): void => {
        this.#transports.playbackEnded();
      },
    };
    listenToMedia(this.#media, this.#store, handlers, this.#closing.signal);
  }
}
