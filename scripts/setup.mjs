#!/usr/bin/env node
/**
 * Makes a fresh clone ready: dependencies, the pinned Node, FFmpeg, the built web app, and with `--test` what the tests drive.
 * Runs before `npm start` and `npm test`. Plain JavaScript for any Node ≥ 18, because nothing is installed yet when it runs.
 * `--web` builds only the web app. Each step looks first and does nothing when there is nothing to do.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup/command.mjs';
import { ensureDependencies, ensurePinnedNode } from './setup/dependencies.mjs';
import { ensureNewerFfmpeg } from './setup/newer-ffmpeg.mjs';
import { ensureFfmpeg, ensureTestPrograms } from './setup/programs.mjs';
import { ensureWebApp } from './setup/web-app.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes('--test');

try {
  if (!existsSync(join(root, 'package-lock.json')))
    throw new SetupError(`no package-lock.json in ${root}: is this a whole clone?`);
  ensureDependencies(root);
  ensurePinnedNode(root);
  const only = process.argv.includes('--web');
  if (!only) ensureFfmpeg();
  if (forTests) {
    ensureTestPrograms();
    ensureNewerFfmpeg(root);
  }
  ensureWebApp(root);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\ntallylight set-up: ${error.message}\n`);
  process.exitCode = 1;
}
