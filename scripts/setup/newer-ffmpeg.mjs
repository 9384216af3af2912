import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { announce, findProgram, run, tail } from './command.mjs';

/** Folder, below the clone, into which pip puts the newer FFmpeg. */
const folderName = join('.cache', 'imageio-ffmpeg');

/**
 * Brings a newer FFmpeg than Debian's, as the PyPI package imageio-ffmpeg carries it: only FFmpeg ≥ 6.1 sends HEVC by enhanced RTMP.
 * Optional: the HEVC tests are skipped, and say so, where it cannot be had.
 */
export function ensureNewerFfmpeg(root) {
  if (newerFfmpeg(root) !== undefined) return;
  const python = findProgram('python3');
  if (python === undefined || !run(python, ['-m', 'pip', '--version']).ok) {
    announce('no pip for Python 3: the tests of HEVC over enhanced RTMP will be skipped');
    return;
  }
  announce('bringing a newer FFmpeg for the HEVC tests (pip, imageio-ffmpeg) …');
  const target = join(root, folderName);
  const result = run(python, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'],
    ...['--upgrade', '--target', target, 'imageio-ffmpeg'],
  ]);
  if (!result.ok)
    announce(`pip failed, the tests of HEVC over enhanced RTMP will be skipped: ${tail(result.output, 2)}`);
}

/** Path of that FFmpeg, or undefined when it is not there. */
export function newerFfmpeg(root) {
  const folder = join(root, folderName, 'imageio_ffmpeg', 'binaries');
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((file) => file.startsWith('ffmpeg-'));
  return name === undefined ? undefined : join(folder, name);
}
