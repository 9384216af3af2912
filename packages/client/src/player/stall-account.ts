/** With more media ahead than this a stop is the decoder's: a bigger buffer would not help. */
const STARVED_SEC = 0.15;

/** What an ended stall was. */
export interface EndedStall {
  /** There was no media to play. */
  readonly starved: boolean;
  /** The publisher was silent while it lasted: a bigger buffer would not have helped. */
  readonly publisherWasSilent: boolean;
}

/** One stall from its beginning to its end. Only at the end is it known whether the viewer's network or the publisher was at fault. */
export class StallAccount {
  #waiting = false;
  #starved = false;
  #publisherWasSilent = false;

  /** Playback waits for media. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Playback waits, with `aheadSec` of media left. Returns whether that is new. */
  begin(aheadSec: number): boolean {
    if (this.#waiting) {
      return false;
    }
    this.#waiting = true;
    this.#publisherWasSilent = false;
    this.#starved = aheadSec < STARVED_SEC;
    return true;
  }

  /** It was seen that the publisher sends nothing. */
  notePublisherSilent(): void {
    this.#publisherWasSilent = true;
  }

  /** Playback goes on; undefined when it was not waiting. */
  end(): EndedStall | undefined {
    if (!this.#waiting) {
      return undefined;
    }
    this.#waiting = false;
    return { starved: this.#starved, publisherWasSilent: this.#publisherWasSilent };
  }

  /** Another playback begins. */
  reset(): void {
    this.#waiting = false;
  }
}
