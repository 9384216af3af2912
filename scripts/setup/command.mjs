import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A reason to stop that the newcomer can act on; its message is one clear line. */
export class SetupError extends Error {}

/** Tells what is being done, so that a long step does not look like a hang. */
export function announce(line) {
  console.log(`tallylight set-up: ${line}`);
}

/** Path of a program on PATH (or in the extra folders), or undefined. */
export function findProgram(name, extraFolders = []) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...extraFolders];
  for (const folder of folders) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here; look in the next folder.
    }
  }
  return undefined;
}

/** Runs a program without a shell; returns whether it ended well, and what it printed. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error === undefined ? '' : result.error.message}`;
  return { ok: result.status === 0, output };
}

/** The last lines of a program's output, for an error message. */
export function tail(output, lines = 15) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
