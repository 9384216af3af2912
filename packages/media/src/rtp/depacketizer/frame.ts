/** A whole coded picture or sound frame out of RTP packets. */
export interface Frame {
  readonly ssrc: number;
  /** RTP timestamp in the payload's clock rate, unwrapped: it goes on beyond 2^32. Starts anew with another SSRC. */
  readonly rtpTime: number;
  /** True when decoding can start here. Every Opus frame. */
  readonly keyframe: boolean;
  readonly payload: Uint8Array;
}

/** Largest picture that is put together, in bytes. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/**
 * Most packets that one picture is put together from: more than twice what the largest picture takes. Each costs memory beside its
 * payload, so the bound in bytes alone lets a picture of tiny packets hold a hundred times its size.
 */
export const MAX_FRAME_PACKETS = 8192;
