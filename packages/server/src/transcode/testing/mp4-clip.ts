import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ticks, timescale } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { EncodedClip } from './encoded-clip.ts';

const run = promisify(execFile);

/** Encodes FFmpeg's test card as HEVC: by way of MP4, whose samples are found by the positions that ffprobe tells. */
export async function encodeHevcClip(size: string, seconds: number): Promise<EncodedClip> {
  const folder = await mkdtemp(join(tmpdir(), 'hevc-'));
  try {
    const path = join(folder, 'clip.mp4');
    const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`, '-t', String(seconds)];
    const encoder = [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=error:keyint=15:bframes=2:open-gop=0',
    ];
    await run('ffmpeg', ['-v', 'error', ...source, ...encoder, '-video_track_timescale', '90000', path]);
    const file = await readFile(path);
    const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_packets', path]);
    const { packets } = JSON.parse(stdout) as {
      packets: { pts: number; dts: number; pos: string; size: string; flags: string }[];
    };
    const units = packets.map(
      (packet): AccessUnit => ({
        kind: 'video',
        pts: ticks(packet.pts + 90_000),
        dts: ticks(packet.dts + 90_000),
        keyframe: packet.flags.startsWith('K'),
        payload: file.subarray(Number(packet.pos), Number(packet.pos) + Number(packet.size)),
      }),
    );
    const at = file.indexOf('hvcC', 0, 'latin1');
    const config = file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
    const [width = 0, height = 0] = size.split('x').map(Number);
    const shape = { width, height, frameRate: 30, config, timescale: timescale(90_000) };
    return { track: { kind: 'video', codec: 'hevc', codecString: 'hvc1.1.6.L60.90', ...shape }, units };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
