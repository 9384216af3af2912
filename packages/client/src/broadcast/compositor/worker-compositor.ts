import { framesOf, hasBreakoutBox, type TrackGenerator, trackOfFrames } from './breakout-box.ts';
import type { Compositor, CompositorFormat, PictureInputs } from './compositor.ts';
import type { CompositorMessage } from './compositor-message.ts';

/** Takes frames out of the tracks and draws them in a worker, which no browser slows down in the background. */
export class WorkerCompositor implements Compositor {
  readonly #worker = new Worker(new URL('./compositor-worker.ts', import.meta.url), {
    type: 'module',
    name: 'compositor',
  });
  readonly #generator: TrackGenerator;
  readonly #shown: Record<
    'main' | 'inset',
    { track: MediaStreamTrack; clone: MediaStreamTrack } | undefined
  > = {
    main: undefined,
    inset: undefined,
  };

  constructor(format: CompositorFormat) {
    this.#generator = trackOfFrames();
    const { writable } = this.#generator;
    this.#tell({ type: 'open', format, writable }, [writable]);
  }

  /** Whether this browser can do it. */
  static isSupported(): boolean {
    return hasBreakoutBox() && typeof Worker !== 'undefined' && typeof OffscreenCanvas !== 'undefined';
  }

  get track(): MediaStreamTrack {
    return this.#generator;
  }

  show(inputs: PictureInputs): void {
    this.#set('main', inputs.main);
    this.#set('inset', inputs.inset);
  }

  close(): void {
    this.#set('main', undefined);
    this.#set('inset', undefined);
    this.#generator.stop();
    this.#tell({ type: 'close' }, []);
  }

  #set(slot: 'main' | 'inset', track: MediaStreamTrack | undefined): void {
    const before = this.#shown[slot];
    if (before?.track === track) {
      return;
    }
    before?.clone.stop();
    if (track === undefined) {
      this.#shown[slot] = undefined;
      this.#tell({ type: 'input', slot, frames: undefined }, []);
      return;
    }
    // A clone: stopping it ends our frames and leaves the owner's track alone.
    const clone = track.clone();
    this.#shown[slot] = { track, clone };
    const frames = framesOf(clone);
    this.#tell({ type: 'input', slot, frames }, [frames]);
  }

  #tell(message: CompositorMessage, transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer);
  }
}
