import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { concat } from '../../bytes/concat.ts';
import { silentAacFrame } from './silent-frame.ts';

const ffmpegFound = spawnSync('ffmpeg', ['-version']).status === 0;
if (!ffmpegFound) console.log('silent-frame: FFmpeg is not installed, silent frames are not decoded');

/** An ADTS frame, ISO/IEC 14496-3 annex 1.A.2: LC, 48 kHz, no CRC. */
function adts(frame: Uint8Array, channelConfiguration: number): Uint8Array {
  const size = frame.length + 7;
  const header = [
    0xff,
    0xf1,
    (1 << 6) | (3 << 2) | (channelConfiguration >> 2),
    ((channelConfiguration & 3) << 6) | (size >> 11),
    (size >> 3) & 255,
    ((size & 7) << 5) | 31,
    0xfc,
  ];
  return concat([Uint8Array.from(header), frame]);
}

describe('silentAacFrame (§4.4.2.1)', () => {
  test.runIf(ffmpegFound).each([1, 2, 3, 4, 5, 6, 8])(
    'FFmpeg decodes it to silence: %i channels',
    (channels) => {
      const frame = adts(silentAacFrame(channels), channels === 8 ? 7 : channels);
      const stream = concat(Array.from({ length: 20 }, () => frame));
      const args = ['-v', 'warning', '-f', 'aac', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'];
      const ran = spawnSync('ffmpeg', args, { input: stream, maxBuffer: 2 ** 24 });
      expect(ran.stderr.toString().replace(/.*Estimating duration.*\n/, '')).toBe('');
      expect(ran.stdout.length).toBe(20 * 1024 * channels * 2);
      expect(ran.stdout.every((byte) => byte === 0)).toBe(true);
    },
  );
});
