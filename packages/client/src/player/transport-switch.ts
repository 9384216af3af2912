import { HlsLane } from './hls-lane.ts';
import { KeptPicture } from './kept-picture.ts';
import type { Playback } from './playback.ts';
import type { PlayerAddresses, PlayerOptions } from './player-options.ts';
import type { PlayerState } from './player-state.ts';
import { fetchRenditions } from './rendition-list.ts';
import { SourceAddress } from './source-address.ts';
import type { Store } from './store.ts';
import { playsByHls, transportWords } from './transport-words.ts';
import type { WhepFailure } from './whep-failure.ts';
import { WhepLane } from './whep-lane.ts';
import type { WhepPlayback } from './whep-playback.ts';

/** What a {@link TransportSwitch} tells its player. */
export interface TransportSwitchListener {
  /** Another playback is about to take the media element. */
  changing(): void;
  /** It has: play. */
  changed(): void;
  /** Something that the status follows from changed. */
  statusMayDiffer(): void;
  /** Another rendition is being fetched. */
  renditionSwitching(): void;
  /** Whether a picture was ever shown. */
  everStarted(): boolean;
}

/** What a {@link TransportSwitch} is made from. */
export interface TransportSwitchOptions {
  readonly player: PlayerOptions;
  readonly store: Store<PlayerState>;
  readonly listener: TransportSwitchListener;
}

/**
 * Decides which playback has the media element: WebRTC while it is wanted and works, else LL-HLS. What plays goes on until the
 * other has a picture, and a copy of the last picture bridges the change itself.
 */
export class TransportSwitch {
  readonly #address: SourceAddress;
  readonly #store: Store<PlayerState>;
  readonly #media: HTMLMediaElement;
  readonly #listener: TransportSwitchListener;
  readonly #hls: HlsLane;
  readonly #whep: WhepLane;
  readonly #picture: KeptPicture;
  readonly #closing = new AbortController();
  #playback: Playback | undefined;
  /** Counts the changes; one that is overtaken by another ends without effect. */
  #change = 0;
  #changing = false;
  #rendition = 'auto';

  constructor({ player, store, listener }: TransportSwitchOptions) {
    this.#address = new SourceAddress(absolute(player.url));
    this.#store = store;
    this.#media = player.media;
    this.#listener = listener;
    this.#picture = new KeptPicture(player.media);
    this.#hls = this.#createHlsLane(player.media);
    this.#whep = this.#createWhepLane(player);
  }

  /** What has the media element now. */
  get playback(): Playback | undefined {
    return this.#playback;
  }

  /** The source is away and is being looked for. */
  get searching(): boolean {
    return this.#hls.searching;
  }

  /** The stream has ended. */
  get ended(): boolean {
    return this.#hls.ended;
  }

  /** Nothing can be played in this browser, and waiting does not help. */
  get final(): boolean {
    return this.#hls.final && !this.#byWhep;
  }

  /** See `Player.setUltraLowLatency`. */
  setUltraLowLatency(on: boolean): void {
    if (on && this.#rendition !== 'auto') {
      this.setRendition('auto');
    }
    this.#whep.setWanted(on);
    this.#store.commit({ ultraLowLatency: on });
    this.tick(performance.now());
  }

  /** See `Player.renew`. */
  renew({ url, whepUrl, healthUrl }: PlayerAddresses): void {
    this.#address.renew(absolute(url));
    this.#whep.renew(whepUrl === undefined ? undefined : absolute(whepUrl), healthUrl);
    if (this.#playback?.transport === 'native-hls') {
      this.#loadHls();
    }
  }

  /** See `Player.setRendition`. */
  setRendition(id: string): void {
    this.#rendition = id;
    this.#whep.setAuto(id === 'auto');
    this.#playback?.selectRendition(id);
    this.tick(performance.now());
  }

  /** Begins what should be on the screen but is not. */
  tick(nowMs: number): void {
    this.#whep.tick(nowMs);
    if (!this.#changing && this.#whep.leftOver !== undefined) {
      // LL-HLS overtook it while it was about to take the screen.
      this.#offer(this.#whep.leftOver);
    }
    const waits = this.#changing || this.#hls.searching || this.#hls.final;
    if (!this.#byHls && !waits && this.#whep.wantsHls(nowMs)) {
      this.#loadHls();
    }
    this.#commitReason();
  }

  /** The playback is stuck: only a new one helps. */
  reload(): void {
    if (!this.#byWhep) {
      this.#loadHls();
    }
  }

  /** The playback came to its end: waits for the stream to come back. The closing of a WebRTC connection is no end. */
  playbackEnded(): void {
    if (!this.#byWhep) {
      this.#hls.lookFor('ended');
    }
  }

  /** A publisher who was silent sends again: what failed for want of media may be tried again at once. */
  publisherReturned(): void {
    this.#whep.sourceReturned();
  }

  /** Ends all requests and lets go of the media element. Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#hls.close();
    this.#whep.close();
    this.#playback?.close();
    this.#picture.drop();
  }

  get #byWhep(): boolean {
    return this.#playback?.transport === 'whep';
  }

  get #byHls(): boolean {
    return this.#playback !== undefined && !this.#byWhep;
  }

  #createHlsLane(media: HTMLMediaElement): HlsLane {
    return new HlsLane(this.#address, media, {
      load: (found) => {
        if (found) {
          this.#whep.sourceReturned();
        }
        this.#loadHls();
      },
      explain: (error) => {
        this.#store.commit({ error });
        this.#listener.statusMayDiffer();
      },
      everStarted: () => this.#listener.everStarted(),
      renditionsKnown: (renditions) => {
        this.#store.commit({ renditions });
      },
      renditionShown: (currentRenditionId, autoRendition) => {
        if (currentRenditionId !== this.#store.get().currentRenditionId) {
          this.#listener.renditionSwitching();
        }
        this.#store.commit({ currentRenditionId, autoRendition });
      },
    });
  }

  #createWhepLane({ whepUrl, iceServersUrl, healthUrl, media }: PlayerOptions): WhepLane {
    return new WhepLane({
      endpoint: whepUrl === undefined ? undefined : absolute(whepUrl),
      iceServersUrl: iceServersUrl ?? '/api/ice-servers',
      healthUrl,
      media,
      listener: {
        ready: (playback) => {
          this.#offer(playback);
        },
        failed: (failure) => {
          this.#onWhepFailure(failure);
        },
      },
    });
  }

  #onWhepFailure(failure: WhepFailure): void {
    if (failure.code === 'not-live' && !this.#byHls && !this.#hls.searching) {
      // Gone, or never there by WebRTC: the playlist knows which.
      this.#playback?.suspend();
      this.#hls.lookFor('absent', failure.detail);
    }
    this.tick(performance.now());
  }

  /** Puts a WHEP session that has pictures on the screen, if it still has them when all is prepared. */
  #offer(playback: WhepPlayback): void {
    void this.#replace(
      () => this.#whep.awaits(playback),
      () => {
        this.#showWhep(playback);
      },
    );
  }

  #loadHls(): void {
    const show = (): void => {
      this.#begin(() => this.#hls.create(this.#rendition));
    };
    if (this.#byWhep) {
      void this.#replace(() => this.#whep.wantsHls(performance.now()), show);
    } else if (!this.#closing.signal.aborted) {
      this.#change += 1;
      this.#changing = false;
      show();
    }
  }

  #showWhep(playback: WhepPlayback): void {
    this.#hls.rest();
    this.#begin(() => {
      playback.attach();
      return playback;
    });
    this.#whep.shown(playback);
    this.#store.commit({ currentRenditionId: undefined, autoRendition: true });
    this.#commitReason();
    if (this.#store.get().renditions.length === 0) {
      void this.#fetchMenu();
    }
  }

  async #fetchMenu(): Promise<void> {
    const renditions = await fetchRenditions(this.#address.url, this.#closing.signal);
    if (this.#store.get().renditions.length === 0) {
      this.#store.commit({ renditions });
    }
  }

  /** Changes the transport under a copy of the last picture, if `still` holds once that is made. */
  async #replace(still: () => boolean, show: () => void): Promise<void> {
    this.#change += 1;
    const own = this.#change;
    this.#changing = true;
    await this.#picture.keep();
    if (own !== this.#change || this.#closing.signal.aborted) {
      return;
    }
    this.#changing = false;
    if (still()) {
      show();
      this.#picture.dropAtNextPicture();
    } else {
      this.#picture.drop();
    }
  }

  /** Another playback takes the media element. */
  #begin(create: () => Playback | undefined): void {
    this.#playback?.close();
    this.#listener.changing();
    this.#store.commit({ error: undefined });
    this.#playback = create();
    // Loading sets the speed back and drops the `ratechange` that would tell (HTML, media element load algorithm).
    this.#store.commit({ transport: this.#playback?.transport, playbackRate: this.#media.playbackRate });
    this.#listener.changed();
  }

  #commitReason(): void {
    const { facts } = this.#whep;
    const transportReason = transportWords({ ...facts, playsByHls: playsByHls(this.#store.get()) });
    this.#store.commit({ transportReason, whepFailure: facts.failure });
  }
}

function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}
