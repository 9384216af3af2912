import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes, once, an FLV of a moving picture and a tone, to be published with `-c copy` so that the sender costs nothing. */
export function sourceFile(options: {
  readonly size: string;
  readonly fps: number;
  readonly bitrate: string;
  readonly seconds: number;
}): string {
  const { size, fps, bitrate, seconds } = options;
  const directory = join(tmpdir(), 'tallylight-bench');
  const path = join(directory, `${size}-${fps}-${bitrate}-${seconds}.flv`);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  const video = `testsrc2=size=${size}:rate=${fps},noise=alls=12:allf=t`;
  const encode = `-c:v libx264 -preset veryfast -tune zerolatency -g ${2 * fps} -keyint_min ${2 * fps} -sc_threshold 0 -b:v ${bitrate} -minrate ${bitrate} -maxrate ${bitrate} -bufsize ${bitrate} -pix_fmt yuv420p -c:a aac -b:a 128k -ac 2`;
  const inputs = ['-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...encode.split(' '), '-t', String(seconds), path]);
  return path;
}
