/** Chromium's window-side MediaStreamTrack Insertable Streams, which the DOM's types leave out (mediacapture-transform, first edition). */
export interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}

interface BreakoutBox {
  readonly MediaStreamTrackProcessor?: new (init: {
    track: MediaStreamTrack;
    maxBufferSize?: number;
  }) => { readonly readable: ReadableStream<VideoFrame> };
  readonly MediaStreamTrackGenerator?: new (init: { kind: 'video' }) => TrackGenerator;
}

function breakoutBox(): BreakoutBox {
  return globalThis as BreakoutBox;
}

/** Whether the page can take frames out of tracks and make tracks of frames. */
export function hasBreakoutBox(): boolean {
  const { MediaStreamTrackProcessor, MediaStreamTrackGenerator } = breakoutBox();
  return MediaStreamTrackProcessor !== undefined && MediaStreamTrackGenerator !== undefined;
}

/** The frames of a track. A slow reader sees the newest only. */
export function framesOf(track: MediaStreamTrack): ReadableStream<VideoFrame> {
  const { MediaStreamTrackProcessor } = breakoutBox();
  if (MediaStreamTrackProcessor === undefined) {
    throw new TypeError('this browser has no MediaStreamTrackProcessor');
  }
  return new MediaStreamTrackProcessor({ track, maxBufferSize: 1 }).readable;
}

/** A track of frames that are written to it. */
export function trackOfFrames(): TrackGenerator {
  const { MediaStreamTrackGenerator } = breakoutBox();
  if (MediaStreamTrackGenerator === undefined) {
    throw new TypeError('this browser has no MediaStreamTrackGenerator');
  }
  return new MediaStreamTrackGenerator({ kind: 'video' });
}
