import type { SegmentOpening } from './segment.ts';
import type { Cut, SegmentClock } from './segment-clock.ts';
import type { RenditionWindow } from './window.ts';

/** What the packagers of video and audio share: following the segment clock's cuts in one window. */
export class SegmentFollower {
  readonly #window: RenditionWindow;
  readonly #clock: SegmentClock;
  #current: Cut | undefined;

  constructor(window: RenditionWindow, clock: SegmentClock) {
    this.#window = window;
    this.#clock = clock;
  }

  /** The cut that began the open segment. */
  get current(): Cut | undefined {
    return this.#current;
  }

  /** The cut to go on with when media at this stream time begins a new segment; undefined while it does not. */
  due(ms: number): Cut | undefined {
    const cut = this.#clock.at(ms);
    return cut === undefined || (this.#current !== undefined && cut.msn <= this.#current.msn)
      ? undefined
      : cut;
  }

  /** Closes the open segment and begins the one of `cut`; segments that this rendition missed are listed as gaps. */
  begin(cut: Cut, initName: string): void {
    const previous = this.#current;
    // hls.js 1.6 fails on a playlist that ends at EXTINF and goes on with a DISCONTINUITY (#7962): tell both at once.
    this.#window.closeSegment({ quiet: cut.discontinuity });
    if (previous !== undefined) this.#listMissed(previous, cut, initName);
    this.#window.openSegment(opening(cut, initName));
    this.#current = cut;
  }

  #listMissed(previous: Cut, cut: Cut, initName: string): void {
    for (let msn = previous.msn + 1; msn < cut.msn; msn += 1) {
      const missed = this.#clock.cut(msn);
      const next = this.#clock.cut(msn + 1);
      if (missed === undefined || next === undefined) continue;
      this.#window.addGapSegment(opening(missed, initName), (next.startMs - missed.startMs) / 1000);
    }
  }
}

function opening(cut: Cut, initName: string): SegmentOpening {
  return {
    msn: cut.msn,
    discontinuity: cut.discontinuity,
    discontinuitySequence: cut.discontinuitySequence,
    programDateTimeMs: cut.epochMs + cut.startMs,
    initName,
  };
}
