import {
  avcCodecString,
  parseAvcConfig,
  withFourByteAvcLengths,
} from '@tallylight/media/codecs/h264/avc-config.ts';
import { parseH264Sps } from '@tallylight/media/codecs/h264/sps.ts';
import type { AudioFourCc, VideoFourCc } from '@tallylight/media/flv/fourcc.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { VideoTrack } from '../../stream/track.ts';
import { CorruptMediaError, UnservableMediaError } from './media-error.ts';
import type { PublisherMetadata } from './metadata.ts';

/** What is needed to turn the pictures after a configuration record into access units. */
export interface VideoConfig {
  readonly track: VideoTrack;
  readonly codec: 'h264' | 'hevc';
  /** Size of the publisher's NAL length fields; the track's record announces 4. */
  readonly nalLengthBytes: number;
}

const CODEC_NAMES: { readonly [codec in VideoFourCc | AudioFourCc]: string } = {
  avc1: 'H.264',
  hvc1: 'HEVC',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  vvc1: 'VVC',
  mp4a: 'AAC',
  Opus: 'Opus',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
};

/** The codec's name as people know it. */
export function codecName(codec: VideoFourCc | AudioFourCc): string {
  return CODEC_NAMES[codec];
}

/**
 * Reads a configuration record. Throws CodecFormatError or CorruptMediaError for a broken one, UnservableMediaError for a
 * codec that cannot be served.
 */
export function readVideoConfig(
  codec: VideoFourCc,
  record: Uint8Array,
  metadata: PublisherMetadata | undefined,
): VideoConfig {
  if (codec !== 'avc1') {
    throw new UnservableMediaError(`${codecName(codec)} video cannot be served: set the encoder to H.264 or HEVC`);
  }
  const parsed = parseAvcConfig(record);
  const [spsNal] = parsed.spsNals;
  if (spsNal === undefined) throw new CorruptMediaError('avcC without SPS');
  const sps = parseH264Sps(spsNal);
  return {
    codec: 'h264',
    nalLengthBytes: parsed.nalLengthSize,
    track: {
      kind: 'video',
      codec: 'h264',
      codecString: avcCodecString(parsed),
      timescale: MILLISECONDS,
      width: sps.width,
      height: sps.height,
      ...rates(sps.frameRate, metadata),
      // A copy: the message is a view into a larger read.
      config: withFourByteAvcLengths(new Uint8Array(record)),
    },
  };
}

/** The metadata's frame rate goes first: the VUI of an encoder with a variable rate tells its clock, not its rate. */
function rates(
  parsedRate: number | undefined,
  metadata: PublisherMetadata | undefined,
): { readonly frameRate?: number; readonly bitrateBps?: number } {
  const frameRate = metadata?.frameRate ?? parsedRate;
  const bitrateBps = metadata?.videoBitrateBps;
  return { ...(frameRate === undefined ? {} : { frameRate }), ...(bitrateBps === undefined ? {} : { bitrateBps }) };
}
