import { IceServers } from './ice-servers.ts';
import { publisherIsAway } from './publisher-presence.ts';
import type { WhepFacts } from './transport-words.ts';
import type { WhepFailure } from './whep-failure.ts';
import { supportsWhep } from './whep-offer.ts';
import { WhepPlayback } from './whep-playback.ts';
import { WhepPolicy } from './whep-policy.ts';

/** What a {@link WhepLane} asks of its player. */
export interface WhepLaneListener {
  /** The session in the background has pictures: put it on the screen. */
  ready(playback: WhepPlayback): void;
  /** A session failed; `wantsHls` tells whether LL-HLS should carry on. */
  failed(failure: WhepFailure): void;
}

/** What a {@link WhepLane} is made from. */
export interface WhepLaneOptions {
  /** `POST` goes here; undefined = the stream has no WHEP. */
  readonly endpoint: string | undefined;
  /** Answers `{"iceServers":[…]}`. */
  readonly iceServersUrl: string;
  /** Answers `{"publishing":boolean}`; undefined = nobody can tell. */
  readonly healthUrl: string | undefined;
  readonly media: HTMLMediaElement;
  readonly listener: WhepLaneListener;
}

/** Opens WHEP sessions in the background as the {@link WhepPolicy} wants them, and hands over the one that has pictures. */
export class WhepLane {
  readonly #options: WhepLaneOptions;
  readonly #policy: WhepPolicy;
  readonly #iceServers: IceServers;
  #endpoint: string | undefined;
  #healthUrl: string | undefined;
  /** Being opened, not on the screen. */
  #attempt: WhepPlayback | undefined;
  /** On the screen, or its last picture is. */
  #shown: WhepPlayback | undefined;

  constructor(options: WhepLaneOptions) {
    this.#options = options;
    this.#policy = new WhepPolicy(options.endpoint !== undefined && supportsWhep());
    this.#iceServers = new IceServers(options.iceServersUrl);
    this.#endpoint = options.endpoint;
    this.#healthUrl = options.healthUrl;
  }

  /** What decides the words about the transport. */
  get facts(): WhepFacts {
    const { phase, wanted, auto, failure } = this.#policy;
    return { phase, wanted, auto, failure: wanted ? failure?.code : undefined };
  }

  /** Whether LL-HLS should be on the screen until WHEP is. */
  wantsHls(nowMs: number): boolean {
    return this.#policy.wantsHls(nowMs);
  }

  /** See `Player.setUltraLowLatency`. */
  setWanted(wanted: boolean): void {
    this.#policy.setWanted(wanted, performance.now());
    this.tick(performance.now());
  }

  /** Whether the rendition is left to the player; a fixed one only LL-HLS can give. */
  setAuto(auto: boolean): void {
    this.#policy.setAuto(auto, performance.now());
    this.tick(performance.now());
  }

  /** Where the next session is asked for, and where its publisher; a session that there is goes on. */
  renew(endpoint: string | undefined, healthUrl: string | undefined): void {
    this.#endpoint = endpoint ?? this.#endpoint;
    this.#healthUrl = healthUrl ?? this.#healthUrl;
  }

  /** LL-HLS found the stream again. */
  sourceReturned(): void {
    this.#policy.sourceReturned(performance.now());
  }

  /** The playback that was `ready` is on the screen now. */
  shown(playback: WhepPlayback): void {
    if (this.#attempt === playback) {
      this.#attempt = undefined;
    }
    this.#shown = playback;
    this.#policy.playing(performance.now());
  }

  /** The session that has pictures and is not on the screen, because something came between. */
  get leftOver(): WhepPlayback | undefined {
    return this.#attempt?.ready === true ? this.#attempt : undefined;
  }

  /** Whether `playback` is still the one that is waited for. */
  awaits(playback: WhepPlayback): boolean {
    return this.#attempt === playback;
  }

  /** Starts and ends sessions as time goes by. */
  tick(nowMs: number): void {
    this.#policy.tick(nowMs);
    const wanted = this.#policy.wantsAttempt(nowMs);
    if (wanted && this.#attempt === undefined) {
      this.#attempt = this.#open();
    } else if (!wanted && this.#policy.phase !== 'recovering') {
      this.#attempt?.close();
      this.#attempt = undefined;
    }
  }

  /** Ends the session in the background; the one on the screen is the player's. Idempotent. */
  close(): void {
    this.#policy.setWanted(false, performance.now());
    this.#attempt?.close();
    this.#attempt = undefined;
  }

  #open(): WhepPlayback {
    const playback: WhepPlayback = new WhepPlayback({
      endpoint: this.#endpoint ?? '',
      iceServers: this.#iceServers,
      media: this.#options.media,
      publisherIsAway: async () => this.#healthUrl !== undefined && (await publisherIsAway(this.#healthUrl)),
      listener: {
        ready: () => {
          if (this.#attempt === playback) {
            this.#options.listener.ready(playback);
          }
        },
        failed: (failure) => {
          this.#onFailure(playback, failure);
        },
        revived: () => {
          if (this.#shown === playback) {
            this.#policy.playing(performance.now());
            this.tick(performance.now());
          }
        },
      },
    });
    return playback;
  }

  #onFailure(playback: WhepPlayback, failure: WhepFailure): void {
    const ofAttempt = this.#attempt === playback;
    if (!ofAttempt && this.#shown !== playback) {
      return;
    }
    if (ofAttempt) {
      this.#attempt = undefined;
      playback.close();
    } else if (this.#policy.phase !== 'playing') {
      // Its loss is known already, and a successor is on its way.
      return;
    }
    this.#policy.failed(failure, performance.now());
    this.#options.listener.failed(failure);
  }
}
