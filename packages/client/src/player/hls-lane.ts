import { HlsPlayback } from './hls-playback.ts';
import { NativePlayback } from './native-playback.ts';
import type { Playback, PlaybackFailure, PlaybackListener } from './playback.ts';
import { type PlayerError, type PlayerErrorCode, playerError } from './player-error.ts';
import type { SourceAddress } from './source-address.ts';
import type { SourceCondition } from './source-probe.ts';
import { SourceSearch } from './source-search.ts';

/** What an {@link HlsLane} asks of its player. */
export interface HlsLaneListener extends Omit<PlaybackListener, 'failed'> {
  /** The source is there (again): create a playback. `found` = it had been away. */
  load(found: boolean): void;
  /** What the viewer should be told changed. */
  explain(error: PlayerError | undefined): void;
  /** Whether a picture was ever shown: words for one that is gone differ from those for one that never came. */
  everStarted(): boolean;
}

/** A media failure again within this time: wait before the next attempt. */
const MEDIA_RETRY_WINDOW_MS = 15_000;
const MEDIA_RETRY_MS = 3_000;

const CODE_OF_CONDITION: Readonly<
  Record<Exclude<SourceCondition, 'live' | 'ended' | 'absent'>, PlayerErrorCode>
> = {
  busy: 'SERVER_BUSY',
  forbidden: 'FORBIDDEN',
  unreachable: 'SERVER_UNREACHABLE',
};

/** Makes HLS playbacks, and knows what to do when one fails: reload, or look for the source until it is back. */
export class HlsLane {
  readonly #address: SourceAddress;
  readonly #media: HTMLMediaElement;
  readonly #listener: HlsLaneListener;
  readonly #search: SourceSearch;
  #reloadTimer: ReturnType<typeof setTimeout> | undefined;
  #lastMediaFailureMs = Number.NEGATIVE_INFINITY;
  #ended = false;
  #final = false;
  #closed = false;

  constructor(address: SourceAddress, media: HTMLMediaElement, listener: HlsLaneListener) {
    this.#address = address;
    this.#media = media;
    this.#listener = listener;
    this.#search = new SourceSearch(() => address.url, {
      found: () => {
        this.#listener.load(true);
      },
      stillAway: (condition) => {
        this.#explainAbsence(condition);
      },
    });
  }

  /** The source is away and is being looked for. */
  get searching(): boolean {
    return this.#search.running;
  }

  /** The stream has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** HLS cannot be played here, and waiting does not help. */
  get final(): boolean {
    return this.#final;
  }

  /** Begins to play on the media element; undefined when this browser cannot. */
  create(rendition: string): Playback | undefined {
    this.rest();
    let playback: Playback | undefined;
    const listener: PlaybackListener = {
      renditionsKnown: (options) => {
        this.#listener.renditionsKnown(options);
      },
      renditionShown: (id, auto) => {
        this.#listener.renditionShown(id, auto);
      },
      failed: (failure) => {
        this.#onFailure(failure, playback);
      },
    };
    if (HlsPlayback.isSupported()) {
      playback = new HlsPlayback({ address: this.#address, media: this.#media, listener, rendition });
    } else if (NativePlayback.isSupported(this.#media)) {
      playback = new NativePlayback(this.#address.url, this.#media, listener);
    } else {
      this.#final = true;
      this.#listener.explain(playerError('HLS_UNSUPPORTED'));
    }
    return playback;
  }

  /** The source is away, or ended: looks for it until it is live, and leaves the last picture on the screen meanwhile. */
  lookFor(condition: SourceCondition, detail?: string): void {
    this.#search.start();
    this.#explainAbsence(condition, detail);
  }

  /** Nothing is looked for or tried again any more; what was known of the source is forgotten. */
  rest(): void {
    clearTimeout(this.#reloadTimer);
    this.#search.stop();
    this.#ended = false;
  }

  /** As {@link HlsLane.rest}, for good. Idempotent. */
  close(): void {
    this.#closed = true;
    this.rest();
  }

  #onFailure(failure: PlaybackFailure, playback: Playback | undefined): void {
    switch (failure.kind) {
      case 'unsupported':
        this.#final = true;
        playback?.suspend();
        this.#listener.explain(playerError('CODEC_UNSUPPORTED', failure.detail));
        return;
      case 'window-lost':
        // Not from inside the event of the playback that is about to be closed.
        queueMicrotask(() => {
          this.#reload();
        });
        return;
      case 'network':
        playback?.suspend();
        this.lookFor(failure.condition, failure.detail);
        return;
      case 'media': {
        const nowMs = performance.now();
        const again = nowMs - this.#lastMediaFailureMs < MEDIA_RETRY_WINDOW_MS;
        this.#lastMediaFailureMs = nowMs;
        playback?.suspend();
        this.#listener.explain(playerError('MEDIA_BROKEN', failure.detail));
        this.#reloadTimer = setTimeout(
          () => {
            this.#reload();
          },
          again ? MEDIA_RETRY_MS : 0,
        );
      }
    }
  }

  #reload(): void {
    if (!this.#closed && !this.#final) {
      this.#listener.load(false);
    }
  }

  #explainAbsence(condition: SourceCondition, detail?: string): void {
    if (condition === 'ended') {
      this.#ended = true;
      this.#listener.explain(undefined);
      return;
    }
    if (this.#ended && condition === 'absent') {
      this.#listener.explain(undefined);
      return;
    }
    const code =
      condition === 'absent' || condition === 'live'
        ? this.#listener.everStarted()
          ? 'PUBLISHER_LOST'
          : 'STREAM_NOT_LIVE'
        : CODE_OF_CONDITION[condition];
    this.#listener.explain(playerError(code, detail));
  }
}
