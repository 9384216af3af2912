import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { avcCodecString, parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { containsIdr } from '@tallylight/media/codecs/h264/nal-type.ts';
import { parseH264Sps } from '@tallylight/media/codecs/h264/sps.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { parseVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { VideoTrack } from '../../stream/track.ts';

/** A short H.264 source for tests. */
export interface EncodedClip {
  readonly track: VideoTrack;
  readonly units: readonly AccessUnit[];
}

/** Encodes FFmpeg's test card and reads it back as access units in milliseconds, moved by `startMs`. */
export async function encodeClip(options: {
  readonly size: string;
  readonly rate?: number;
  readonly seconds: number;
  /** Further FFmpeg flags of the encoder. */
  readonly flags?: readonly string[];
  /** Default 0. */
  readonly startMs?: number;
}): Promise<EncodedClip> {
  const rate = options.rate ?? 30;
  const input = [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${options.size}:rate=${rate}`,
    '-t',
    String(options.seconds),
  ];
  const encoder = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-sc_threshold',
    '0',
    '-g',
    String(rate),
  ];
  const args = ['-v', 'error', ...input, ...encoder, ...(options.flags ?? []), '-f', 'flv', 'pipe:1'];
  const { stdout } = await promisify(execFile)('ffmpeg', args, {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  });
  let config = new Uint8Array(0);
  const units: AccessUnit[] = [];
  const reader = new FlvReader(({ type, timestampMs, body }) => {
    if (type !== 'video') return;
    const tag = parseVideoTag(body);
    if (tag.kind === 'config') config = tag.config.slice();
    if (tag.kind !== 'frames') return;
    const dts = timestampMs + (options.startMs ?? 0);
    units.push({
      kind: 'video',
      pts: ticks(dts + tag.compositionTimeMs),
      dts: ticks(dts),
      keyframe: containsIdr(tag.payload),
      payload: tag.payload,
    });
  });
  reader.push(stdout);
  const avc = parseAvcConfig(config);
  const sps = parseH264Sps(avc.spsNals[0] ?? new Uint8Array(0));
  return {
    track: {
      kind: 'video',
      codec: 'h264',
      codecString: avcCodecString(avc),
      timescale: MILLISECONDS,
      width: sps.width,
      height: sps.height,
      frameRate: rate,
      config,
    },
    units,
  };
}

/** Presentation times, sorted, with `K` behind those of keyframes: what must be the same in every rendition. */
export function timeline(units: readonly AccessUnit[]): readonly string[] {
  return [...units].sort((a, b) => a.pts - b.pts).map((unit) => `${unit.pts}${unit.keyframe ? 'K' : ''}`);
}
