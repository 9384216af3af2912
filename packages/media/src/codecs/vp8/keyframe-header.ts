/** What a VP8 keyframe says at its start, RFC 6386 §9.1. */
export interface Vp8KeyframeHeader {
  /** Pixels, 1…16383. */
  readonly width: number;
  readonly height: number;
  /** How much larger the picture is to be shown: 0 not, 1 by 5/4, 2 by 5/3, 3 by 2. Nobody uses it. */
  readonly horizontalScale: number;
  readonly verticalScale: number;
}

/** True when the frame's first bit says so (key_frame is 0 for a keyframe). */
export function isVp8Keyframe(frame: Uint8Array): boolean {
  return frame.length > 0 && ((frame[0] ?? 0) & 1) === 0;
}

/** The size in a keyframe's header; undefined for other frames and for a header that is cut, without start code or of no size. */
export function readVp8KeyframeHeader(frame: Uint8Array): Vp8KeyframeHeader | undefined {
  if (frame.length < 10 || !isVp8Keyframe(frame)) return undefined;
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined;
  const horizontal = (frame[6] ?? 0) | ((frame[7] ?? 0) << 8);
  const vertical = (frame[8] ?? 0) | ((frame[9] ?? 0) << 8);
  const width = horizontal & 0x3fff;
  const height = vertical & 0x3fff;
  if (width === 0 || height === 0) return undefined;
  return { width, height, horizontalScale: horizontal >> 14, verticalScale: vertical >> 14 };
}
