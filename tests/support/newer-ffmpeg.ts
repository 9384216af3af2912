import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../.cache/imageio-ffmpeg/imageio_ffmpeg/binaries');

/** An FFmpeg that speaks enhanced RTMP: FFMPEG_NEW, or what the set-up brought; undefined when there is none. */
export function newerFfmpeg(): string | undefined {
  const named = process.env['FFMPEG_NEW'];
  if (named !== undefined && named !== '') return named;
  if (!existsSync(FOLDER)) return undefined;
  const name = readdirSync(FOLDER).find((file) => file.startsWith('ffmpeg-'));
  return name === undefined ? undefined : join(FOLDER, name);
}

/** True when a test that needs something rare has to fail, not to be skipped, without it. */
export const requireAll = process.env['REQUIRE_ALL'] === '1';
