import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { readFragments } from '../../isobmff/read-fragment.ts';
import { readInitSection } from '../../isobmff/read-init-section.ts';
import { joinAnnexB } from '../nal/annex-b.ts';
import { splitNalUnits } from '../nal/length-prefixed.ts';
import { parseAvcConfig } from './avc-config.ts';
import { RepeatPicture } from './repeat-picture.ts';

const ffmpegFound = spawnSync('ffmpeg', ['-version']).status === 0;
if (!ffmpegFound) console.log('repeat-picture: FFmpeg is not installed, decoding is not tested');

function ffmpeg(
  args: readonly string[],
  input?: Uint8Array,
): { readonly stdout: Uint8Array; readonly stderr: string } {
  const ran = spawnSync('ffmpeg', ['-hide_banner', '-v', 'warning', ...args], { input, maxBuffer: 2 ** 28 });
  return { stdout: ran.stdout, stderr: ran.stderr.toString() };
}

/** The MD5 of every picture that FFmpeg decodes, and whatever it complained about. */
function decode(nals: readonly Uint8Array[]): { readonly pictures: string[]; readonly complaints: string } {
  const input = ['-f', 'h264', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-f', 'framemd5', 'pipe:1'];
  const { stdout, stderr } = ffmpeg(input, joinAnnexB(nals));
  const lines = new TextDecoder().decode(stdout).split('\n');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return { pictures: rows.map((row) => row.split(',').at(-1)?.trim() ?? ''), complaints: stderr };
}

/** Encodes a moving picture; returns the avcC record and the access units. */
function encode(flags: readonly string[]): {
  readonly avcC: Uint8Array;
  readonly units: readonly Uint8Array[];
} {
  const source = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=1280x720:rate=30',
    '-frames:v',
    '20',
    '-c:v',
    'libx264',
  ];
  const output = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1'];
  const { stdout } = ffmpeg([...source, '-g', '10', '-pix_fmt', 'yuv420p', ...flags, ...output]);
  const [track] = readInitSection(stdout);
  return {
    avcC: track?.config ?? new Uint8Array(0),
    units: readFragments(stdout, track?.trex).flatMap((fragment) =>
      fragment.samples.map(({ payload }) => payload),
    ),
  };
}

/** Index of the source picture → how many repeats follow it: after an IDR, before one, in the middle, at the end. */
const REPEATS = new Map([
  [0, 1],
  [3, 5],
  [7, 30],
  [9, 2],
  [10, 1],
  [11, 1],
  [19, 3],
]);

/** The stream as encoded and the stream with repeats; `sourceOf` tells which source picture each of the latter shows. */
function fill(avcC: Uint8Array, units: readonly Uint8Array[]) {
  const { spsNals, ppsNals } = parseAvcConfig(avcC);
  const repeater = RepeatPicture.for(avcC);
  expect(repeater).toBeDefined();
  const plain = [...spsNals, ...ppsNals];
  const filled = [...plain];
  const sourceOf: number[] = [];
  for (const [index, unit] of units.entries()) {
    repeater?.observe(unit);
    plain.push(...splitNalUnits(unit));
    filled.push(...splitNalUnits(unit));
    sourceOf.push(index);
    for (let i = 0; i < (REPEATS.get(index) ?? 0); i++) {
      filled.push(...splitNalUnits(repeater?.make() ?? new Uint8Array(0)));
      sourceOf.push(index);
    }
  }
  return { plain, filled, sourceOf };
}

describe.runIf(ffmpegFound)('RepeatPicture in real streams', () => {
  test.each([
    ['baseline, CAVLC', ['-preset', 'ultrafast', '-tune', 'zerolatency', '-s', '640x360']],
    ['high, CABAC, weighted prediction', ['-preset', 'veryfast', '-tune', 'zerolatency', '-s', '640x360']],
    ['several references', ['-preset', 'medium', '-bf', '0', '-s', '320x180']],
    ['a width of 53.4 macroblocks', ['-preset', 'veryfast', '-tune', 'zerolatency', '-s', '854x480']],
    ['720p', ['-preset', 'superfast', '-bf', '0', '-s', '1280x720']],
  ])('%s: each repeat is the picture before, and the source decodes as without them', (_, flags) => {
    const { avcC, units } = encode(flags);
    const { plain, filled, sourceOf } = fill(avcC, units);
    const expected = decode(plain).pictures;
    expect(expected).toHaveLength(20);
    const decoded = decode(filled);
    expect(decoded.complaints).toBe('');
    expect(decoded.pictures).toEqual(sourceOf.map((index) => expected[index]));
  });
});
