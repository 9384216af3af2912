#!/usr/bin/env node
/**
 * The command `tallylight`. Plain JavaScript, so that any Node can read it: it goes on in the pinned Node when this one is too old
 * to run our TypeScript.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))));

if (runsTypeScript(process.versions.node)) {
  // Compiled code is kept between starts: half of the time until the server listens is compilation.
  module.enableCompileCache?.(join(root, 'node_modules', '.cache', 'tallylight'));
  const { main } = await import('../src/cli/main.ts');
  await main(process.argv.slice(2));
} else {
  runInPinnedNode();
}

/** Node strips types by itself, without a warning to switch on, from 22.18 on. */
function runsTypeScript(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

function runInPinnedNode() {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(pinned)) {
    console.error(
      `tallylight: Node ${process.versions.node} is too old and node_modules is not set up: run  node scripts/setup.mjs  first`,
    );
    process.exit(1);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
