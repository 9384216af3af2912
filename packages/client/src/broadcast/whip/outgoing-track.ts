/** A track to send, and how. */
export interface OutgoingVideo {
  readonly track: MediaStreamTrack;
  readonly maxBitrateBps: number;
  readonly maxFramesPerSecond: number;
}

/** A sound to send, and how. */
export interface OutgoingAudio {
  readonly track: MediaStreamTrack;
  readonly maxBitrateBps: number;
}

/** What a publisher sends now; either may be missing, not both. */
export interface OutgoingMedia {
  readonly video: OutgoingVideo | undefined;
  readonly audio: OutgoingAudio | undefined;
}

/** Layers of simulcast from the smallest on: Chromium wants this order. A fraction of the height, a share of the bitrate. */
const LAYERS = [
  { rid: 'q', scaleDownBy: 4, share: 0.08 },
  { rid: 'h', scaleDownBy: 2, share: 0.27 },
  { rid: 'f', scaleDownBy: 1, share: 1 },
] as const;

/** Encodings of the video for `addTransceiver`: one, or three layers of simulcast. */
export function videoEncodings(video: OutgoingVideo, simulcast: boolean): RTCRtpEncodingParameters[] {
  if (!simulcast) {
    return [{ maxBitrate: video.maxBitrateBps, maxFramerate: video.maxFramesPerSecond }];
  }
  return LAYERS.map(({ rid, scaleDownBy, share }) => ({
    rid,
    scaleResolutionDownBy: scaleDownBy,
    maxBitrate: Math.round(video.maxBitrateBps * share),
    maxFramerate: video.maxFramesPerSecond,
  }));
}

/**
 * Bounds what a sender uses. When the network is short, frames are given up before pixels: each change of the size is a new
 * parameter set, which a packager answers with a new initialisation segment for every viewer.
 */
export async function boundVideo(sender: RTCRtpSender, video: OutgoingVideo): Promise<void> {
  const parameters = sender.getParameters();
  parameters.degradationPreference = 'maintain-resolution';
  for (const encoding of parameters.encodings) {
    const share = LAYERS.find(({ rid }) => rid === encoding.rid)?.share ?? 1;
    encoding.maxBitrate = Math.round(video.maxBitrateBps * share);
    encoding.maxFramerate = video.maxFramesPerSecond;
  }
  await sender.setParameters(parameters);
}

/** The same for sound. */
export async function boundAudio(sender: RTCRtpSender, audio: OutgoingAudio): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) {
    encoding.maxBitrate = audio.maxBitrateBps;
  }
  await sender.setParameters(parameters);
}
