import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OPTIONS = { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 } as const;

/** A rendition as a file: its init section and segments, one after the other. */
export interface RenditionFiles {
  readonly video: Uint8Array;
  readonly audio: Uint8Array;
}

/** Milliseconds from each flash (a white picture after one that is not) to the click nearest to it; positive when the sound is late. */
export async function clickOffsetsMs(files: RenditionFiles): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'av-'));
  try {
    const [video, audio] = [join(folder, 'video.mp4'), join(folder, 'audio.mp4')];
    await writeFile(video, files.video);
    await writeFile(audio, files.audio);
    const [flashes, clicks] = await Promise.all([flashesMs(video), clicksMs(audio)]);
    return clicks.flatMap((click) => {
      const offsets = flashes.map((flash) => click - flash).filter((offset) => Math.abs(offset) < 400);
      return offsets.length === 0 ? [] : [Math.min(...offsets.map(Math.abs)) * Math.sign(offsets[0] ?? 0)];
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function flashesMs(path: string): Promise<readonly number[]> {
  const filter = 'scale=32:32,signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-';
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-copyts', '-i', path, '-vf', filter, '-fps_mode', 'passthrough', '-f', 'null', '-'],
    OPTIONS,
  );
  const found: number[] = [];
  let white = false;
  for (const [, seconds, luma] of stdout.toString().matchAll(/pts_time:(\S+)\s+lavfi\S+=(\S+)/g)) {
    const isWhite = Number(luma) > 200;
    if (isWhite && !white) found.push(Number(seconds) * 1000);
    white = isWhite;
  }
  return found;
}

async function clicksMs(path: string): Promise<readonly number[]> {
  const probe = [
    '-v',
    'error',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    '-read_intervals',
    '%+#1',
  ];
  const { stdout: first } = await run('ffprobe', [...probe, path], OPTIONS);
  const startMs = Number.parseFloat(first.toString()) * 1000;
  const decode = ['-v', 'error', '-i', path, '-f', 's16le', '-ac', '1', '-ar', '48000', '-'];
  const { stdout } = await run('ffmpeg', decode, OPTIONS);
  const pcm = new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength));
  const found: number[] = [];
  for (let at = 0; at < pcm.length; at++) {
    if (Math.abs(pcm[at] ?? 0) < 5000) continue;
    found.push(startMs + at / 48);
    at += 12_000;
  }
  return found;
}
