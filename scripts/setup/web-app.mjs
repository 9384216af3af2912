import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { announce, run, SetupError, tail } from './command.mjs';
import { pinnedNode } from './dependencies.mjs';

/** Everything that the web app is built from; a change in any of it means a new build. */
const sources = [
  'apps/web',
  'packages/client',
  'packages/hls',
  'packages/media',
  'packages/protocol',
  'package-lock.json',
];

/** Names that are never sources. */
const ignored = new Set(['node_modules', 'dist', '.vite']);

/** Builds apps/web with Vite when its sources changed since the last build. */
export function ensureWebApp(root) {
  if (!existsSync(join(root, 'apps', 'web', 'index.html'))) return;
  const stampPath = join(root, 'apps', 'web', 'dist', '.tallylight-build');
  const stamp = contentHash(root);
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return;
  announce('building the web app …');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const result = run(pinnedNode(root), [vite, 'build'], { cwd: join(root, 'apps', 'web') });
  if (!result.ok) throw new SetupError(`the web app could not be built:\n${tail(result.output)}`);
  writeFileSync(stampPath, stamp);
}

/** A hash over names and bytes, so that neither a fresh checkout's times nor a switched branch can deceive it. */
function contentHash(root) {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const path of filesBelow(root, source))
      hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

function filesBelow(root, path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .filter((name) => !ignored.has(name) && !name.endsWith('.test.ts'))
    .sort()
    .flatMap((name) => filesBelow(root, join(path, name)));
}
