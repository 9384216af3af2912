import { CanvasCompositor } from './canvas-compositor.ts';
import type { Size } from './picture-layout.ts';
import { WorkerCompositor } from './worker-compositor.ts';

/** What is drawn; both may be missing, then the picture is black. */
export interface PictureInputs {
  /** Fills the picture. */
  readonly main: MediaStreamTrack | undefined;
  /** Sits in its corner. */
  readonly inset: MediaStreamTrack | undefined;
}

/** Makes one video track of two or fewer, at a constant rate, also while the page is in the background. */
export interface Compositor {
  readonly track: MediaStreamTrack;
  /** Draws these from the next picture on. The tracks stay their owner's. */
  show(inputs: PictureInputs): void;
  /** Ends the track. Idempotent. */
  close(): void;
}

/** The picture that a compositor makes. */
export interface CompositorFormat extends Size {
  readonly framesPerSecond: number;
}

/** The best compositor of this browser: in a worker where frames can be taken there (Chromium), else on a canvas of the page. */
export function openCompositor(format: CompositorFormat): Compositor {
  return WorkerCompositor.isSupported() ? new WorkerCompositor(format) : new CanvasCompositor(format);
}
