import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseVp8FrameHeader } from './frame-header.ts';
import { Vp8RepeatPicture } from './repeat-picture.ts';

const ffmpegFound = spawnSync('ffmpeg', ['-version']).status === 0;
if (!ffmpegFound) console.log('VP8 repeat-picture: FFmpeg is not installed, decoding is not tested');

const IVF_HEADER_BYTES = 32;
const IVF_FRAME_HEADER_BYTES = 12;

function ffmpeg(args: readonly string[], input?: Uint8Array): { stdout: Uint8Array; stderr: string } {
  const ran = spawnSync('ffmpeg', ['-hide_banner', '-v', 'warning', ...args], { input, maxBuffer: 2 ** 28 });
  return { stdout: ran.stdout, stderr: ran.stderr.toString() };
}

function encode(size: string, flags: readonly string[]): Uint8Array {
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`, '-frames:v', '40', '-c:v', 'libvpx'];
  return ffmpeg([...source, '-pix_fmt', 'yuv420p', ...flags, '-f', 'ivf', 'pipe:1']).stdout;
}

function framesOf(ivf: Uint8Array): Uint8Array[] {
  const view = new DataView(ivf.buffer, ivf.byteOffset, ivf.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = IVF_HEADER_BYTES; at < ivf.length; ) {
    const size = view.getUint32(at, true);
    frames.push(ivf.subarray(at + IVF_FRAME_HEADER_BYTES, at + IVF_FRAME_HEADER_BYTES + size));
    at += IVF_FRAME_HEADER_BYTES + size;
  }
  return frames;
}

function ivfOf(header: Uint8Array, frames: readonly Uint8Array[]): Uint8Array {
  const pieces = frames.map((frame, index) => {
    const bytes = new Uint8Array(IVF_FRAME_HEADER_BYTES + frame.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, frame.length, true);
    view.setUint32(4, index, true);
    bytes.set(frame, IVF_FRAME_HEADER_BYTES);
    return bytes;
  });
  return Buffer.concat([header, ...pieces]);
}

/** The MD5 of every picture that comes out, and the complaints. */
function decode(decoder: string, ivf: Uint8Array): { pictures: string[]; complaints: string } {
  const input = ['-f', 'ivf', '-c:v', decoder, '-i', 'pipe:0', '-fps_mode', 'passthrough'];
  const { stdout, stderr } = ffmpeg([...input, '-f', 'framemd5', 'pipe:1'], ivf);
  const lines = new TextDecoder().decode(stdout).split('\n');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return { pictures: rows.map((row) => row.split(',').at(-1)?.trim() ?? ''), complaints: stderr };
}

/** Index of the source frame → how many repeats follow it. */
const REPEATS = new Map([
  [0, 2],
  [1, 1],
  [5, 30],
  [9, 1],
  [10, 1],
  [19, 3],
  [20, 1],
  [33, 4],
  [39, 5],
]);

describe.runIf(ffmpegFound)('Vp8RepeatPicture in real streams', () => {
  const REALTIME = ['-deadline', 'realtime', '-lag-in-frames', '0', '-g', '20', '-b:v', '800k'];
  const LAYERS = {
    two: 'ts_number_layers=2:ts_target_bitrate=500,800:ts_rate_decimator=2,1:ts_periodicity=2:ts_layer_id=0,1:ts_layering_mode=2',
    three:
      'ts_number_layers=3:ts_target_bitrate=300,500,800:ts_rate_decimator=4,2,1:ts_periodicity=4:ts_layer_id=0,2,1,2:ts_layering_mode=3',
  };

  describe.each(['vp8', 'libvpx'])('decoded by %s', (decoder) => {
    test.each([
      ['as browsers encode', '640x360', [...REALTIME, '-cpu-used', '8', '-error-resilient', '1']],
      ['a size of no whole macroblocks', '427x241', [...REALTIME, '-cpu-used', '4']],
      ['720p', '1280x720', [...REALTIME, '-cpu-used', '8']],
      ['four macroblocks', '32x32', [...REALTIME, '-cpu-used', '8']],
      ['segments and static background', '640x360', [...REALTIME, '-cpu-used', '6', '-static-thresh', '500']],
      ['version 3', '320x240', [...REALTIME, '-cpu-used', '8', '-profile:v', '3']],
      ['two temporal layers', '320x240', [...REALTIME, '-cpu-used', '8', '-ts-parameters', LAYERS.two]],
      ['three, golden', '320x240', [...REALTIME, '-cpu-used', '8', '-ts-parameters', LAYERS.three]],
      [
        'good quality, two DCT partitions',
        '320x240',
        ['-deadline', 'good', '-g', '20', '-slices', '2', '-b:v', '1M'],
      ],
    ])('%s: each repeat is the picture before, and the source decodes as without them', (_, size, flags) => {
      const ivf = encode(size, flags);
      const frames = framesOf(ivf).filter((frame) => parseVp8FrameHeader(frame).shown);
      expect(frames).toHaveLength(40);
      const header = ivf.subarray(0, IVF_HEADER_BYTES);
      const repeater = new Vp8RepeatPicture();
      const filled: Uint8Array[] = [];
      const sourceOf: number[] = [];
      let held = 0;
      for (const [index, frame] of frames.entries()) {
        repeater.observe(frame);
        filled.push(frame);
        sourceOf.push(index);
        // A frame that no buffer holds cannot be shown again: the one before is.
        if (Object.values(parseVp8FrameHeader(frame).refreshes).includes(true)) held = index;
        for (let i = 0; i < (REPEATS.get(index) ?? 0); i++) {
          filled.push(repeater.make() ?? new Uint8Array(0));
          sourceOf.push(held);
        }
      }
      const expected = decode(decoder, ivfOf(header, frames)).pictures;
      expect(new Set(expected).size).toBeGreaterThan(15);
      const decoded = decode(decoder, ivfOf(header, filled));
      expect(decoded.complaints).toBe('');
      expect(decoded.pictures).toEqual(sourceOf.map((index) => expected[index]));
    });
  });
});
