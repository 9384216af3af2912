import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isVp8Keyframe } from '@tallylight/media/codecs/vp8/keyframe-header.ts';
import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { EncodedClip } from './encoded-clip.ts';

/** Header of an IVF file, and of each of its frames. */
const FILE_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 12;

/** Encodes FFmpeg's test card as VP8 as a browser would: no frames that are not shown, a keyframe every `gop` pictures. */
export async function encodeVp8Clip(options: {
  readonly size: string;
  readonly seconds: number;
  readonly startMs: number;
  /** Default 60. */
  readonly gop?: number;
  /** Pictures a second. Default 30. */
  readonly rate?: number;
  /** Further filters of FFmpeg. */
  readonly filter?: string;
}): Promise<EncodedClip> {
  const { size, seconds, startMs, gop = 60, rate = 30, filter = 'null' } = options;
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate},${filter}`, '-t', `${seconds}`];
  const encoder = '-c:v libvpx -deadline realtime -cpu-used 12 -b:v 1M -auto-alt-ref 0 -lag-in-frames 0';
  const keyframes = ['-g', `${gop}`, '-keyint_min', `${gop}`, '-pix_fmt', 'yuv420p'];
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    ['-v', 'error', ...source, ...encoder.split(' '), ...keyframes, '-f', 'ivf', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const units: AccessUnit[] = [];
  for (let at = FILE_HEADER_BYTES; at + FRAME_HEADER_BYTES < stdout.length; ) {
    const bytes = stdout.readUInt32LE(at);
    const pts = ticks(startMs + Math.round((units.length * 1000) / rate));
    const payload = stdout.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + bytes);
    units.push({ kind: 'video', pts, dts: pts, keyframe: isVp8Keyframe(payload), payload });
    at += FRAME_HEADER_BYTES + bytes;
  }
  const [width = 0, height = 0] = size.split('x').map(Number);
  const shape = { width, height, timescale: MILLISECONDS, config: new Uint8Array(0) };
  return { track: { kind: 'video', codec: 'vp8', codecString: 'vp8', ...shape }, units };
}
