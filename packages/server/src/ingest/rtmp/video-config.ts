import {
  avcProperties,
  parseAvcConfig,
  withFourByteAvcLengths,
} from '@tallylight/media/codecs/h264/avc-config.ts';
import {
  hevcProperties,
  parseHevcConfig,
  withFourByteHevcLengths,
} from '@tallylight/media/codecs/hevc/hevc-config.ts';
import type { VideoProperties } from '@tallylight/media/codecs/video-properties.ts';
import type { AudioFourCc, VideoFourCc } from '@tallylight/media/flv/fourcc.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import type { VideoTrack } from '../../stream/track.ts';
import { UnservableMediaError } from './media-error.ts';
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
 * Reads a configuration record. Throws CodecFormatError for a broken one, UnservableMediaError for a codec that cannot be served.
 */
export function readVideoConfig(
  codec: VideoFourCc,
  record: Uint8Array,
  metadata: PublisherMetadata | undefined,
): VideoConfig {
  if (codec === 'avc1') {
    const { nalLengthSize } = parseAvcConfig(record);
    // Copies: the message is a view into a larger read.
    const config = withFourByteAvcLengths(new Uint8Array(record));
    return makeConfig('h264', nalLengthSize, avcProperties(record), metadata, config);
  }
  if (codec === 'hvc1') {
    const { nalLengthSize } = parseHevcConfig(record);
    const config = withFourByteHevcLengths(new Uint8Array(record));
    return makeConfig('hevc', nalLengthSize, hevcProperties(record), metadata, config);
  }
  throw new UnservableMediaError(
    `${codecName(codec)} video cannot be served: set the encoder to H.264 or HEVC`,
  );
}

function makeConfig(
  codec: 'h264' | 'hevc',
  nalLengthBytes: number,
  properties: VideoProperties,
  metadata: PublisherMetadata | undefined,
  config: Uint8Array,
): VideoConfig {
  // The metadata's frame rate goes first: the VUI of an encoder with a variable rate tells its clock, not its rate.
  const frameRate = metadata?.frameRate ?? properties.frameRate;
  const bitrateBps = metadata?.videoBitrateBps;
  return {
    codec,
    nalLengthBytes,
    track: {
      kind: 'video',
      codec,
      codecString: properties.codecString,
      timescale: MILLISECONDS,
      width: properties.width,
      height: properties.height,
      ...(frameRate === undefined ? {} : { frameRate }),
      ...(bitrateBps === undefined ? {} : { bitrateBps }),
      config,
    },
  };
}
