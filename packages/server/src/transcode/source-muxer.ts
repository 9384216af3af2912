import { AmfEcmaArray, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { splitNalUnits } from '@tallylight/media/codecs/nal/length-prefixed.ts';
import { writeFlvHeader, writeFlvTag } from '@tallylight/media/flv/flv-writer.ts';
import { writeVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { LiveMatroskaWriter } from '@tallylight/media/matroska/live-matroska-writer.ts';
import type { MatroskaVideoCodecId } from '@tallylight/media/matroska/track-entry.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { VideoCodec, VideoTrack } from '../stream/track.ts';

/** Wraps the source's pictures for FFmpeg's stdin. Times are milliseconds on the child's clock. */
export interface SourceMuxer {
  readonly format: 'flv' | 'matroska';
  /** What comes before the first picture. */
  header(): readonly Uint8Array[];
  /** One picture, as pieces for a gathering write. */
  picture(unit: AccessUnit, ptsMs: number, dtsMs: number): readonly Uint8Array[];
}

/** The muxer for a track. Throws RangeError for a codec that cannot be decoded yet. */
export function sourceMuxer(track: VideoTrack, frameRate: number): SourceMuxer {
  if (track.codec === 'h264') return flvMuxer(track, frameRate);
  const codecId = MATROSKA_CODEC_IDS[track.codec];
  if (codecId === undefined) throw new RangeError(`${track.codec} cannot be transcoded yet`);
  return matroskaMuxer(track, codecId, frameRate);
}

/** FFmpeg 5.1 reads no HEVC in FLV. */
const MATROSKA_CODEC_IDS: { readonly [codec in VideoCodec]?: MatroskaVideoCodecId } = {
  hevc: 'V_MPEGH/ISO/HEVC',
  vp8: 'V_VP8',
};

function flvMuxer(track: VideoTrack, frameRate: number): SourceMuxer {
  return {
    format: 'flv',
    header() {
      // FFmpeg takes the rate from here, and so need not wait for pictures to guess it.
      const members = { width: track.width, height: track.height, framerate: frameRate, videocodecid: 7 };
      const metadata = writeAmf0('onMetaData', new AmfEcmaArray(members));
      const config = writeVideoTag({
        kind: 'config',
        codec: 'avc1',
        enhanced: false,
        trackId: 0,
        otherTrackIds: [],
        config: track.config,
      });
      return [
        writeFlvHeader({ video: true, audio: false }),
        ...writeFlvTag({ type: 'script', timestampMs: 0, body: [metadata] }),
        ...writeFlvTag({ type: 'video', timestampMs: 0, body: config }),
      ];
    },
    picture(unit, ptsMs, dtsMs) {
      const [head = new Uint8Array(0)] = writeVideoTag({
        kind: 'frames',
        codec: 'avc1',
        enhanced: false,
        trackId: 0,
        otherTrackIds: [],
        keyframe: unit.keyframe,
        compositionTimeMs: ptsMs - dtsMs,
        nanosecondOffset: 0,
        payload: unit.payload,
      });
      return writeFlvTag({
        type: 'video',
        timestampMs: dtsMs,
        body: [head, ...withoutRecoveryPoints(unit.payload)],
      });
    },
  };
}

function matroskaMuxer(track: VideoTrack, codecId: MatroskaVideoCodecId, frameRate: number): SourceMuxer {
  const writer = new LiveMatroskaWriter({
    tracks: [
      {
        kind: 'video',
        codecId,
        ...(track.config.length === 0 ? {} : { codecPrivate: track.config }),
        width: track.width,
        height: track.height,
        defaultDurationNs: 1e9 / frameRate,
      },
    ],
  });
  return {
    format: 'matroska',
    header: () => [writer.header()],
    picture: (unit, ptsMs) =>
      writer.block({ track: 1, timestamp: ptsMs, keyframe: unit.keyframe, payload: unit.payload }),
  };
}

const NAL_SEI = 6;
const SEI_RECOVERY_POINT = 6;

/**
 * A picture without recovery point SEI (H.264 §D.2.8): FFmpeg's decoder takes a picture that has one for a keyframe, and the rungs
 * would have keyframes where the source has no IDR (open GOPs, intra refresh).
 */
function withoutRecoveryPoints(payload: Uint8Array): readonly Uint8Array[] {
  // The SEI comes first, so pictures that begin with a slice are not searched.
  if (((payload[4] ?? 0) & 0x1f) === 1 || ((payload[4] ?? 0) & 0x1f) === 5) return [payload];
  const nals = splitNalUnits(payload);
  const kept = nals.filter((nal) => ((nal[0] ?? 0) & 0x1f) !== NAL_SEI || nal[1] !== SEI_RECOVERY_POINT);
  if (kept.length === nals.length) return [payload];
  return kept.flatMap((nal) => [lengthPrefix(nal.length), nal]);
}

function lengthPrefix(length: number): Uint8Array {
  return Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length);
}
