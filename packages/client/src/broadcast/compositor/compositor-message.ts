import type { CompositorFormat } from './compositor.ts';

/** What the page tells the compositor's worker. */
export type CompositorMessage =
  | {
      readonly type: 'open';
      readonly format: CompositorFormat;
      readonly writable: WritableStream<VideoFrame>;
    }
  | {
      readonly type: 'input';
      readonly slot: 'main' | 'inset';
      /** Undefined: this picture is no more. */
      readonly frames: ReadableStream<VideoFrame> | undefined;
    }
  | { readonly type: 'close' };
