import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { announce, run, SetupError, tail } from './command.mjs';

/** Oldest major version of Node that runs our TypeScript directly and that vitest 5 accepts. */
const requiredNodeMajor = 24;

/** Runs `npm ci` when node_modules is missing or older than the lock file; the stamp makes the next start free. */
export function ensureDependencies(root) {
  const lockPath = join(root, 'package-lock.json');
  const stampPath = join(root, 'node_modules', '.tallylight-setup');
  const stamp = createHash('sha256')
    .update(readFileSync(lockPath))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return;
  if (!installedByHand(root, lockPath)) {
    announce('installing dependencies (npm ci), a minute on a first run …');
    const result = runNpm(['ci', '--no-audit', '--no-fund'], root);
    if (!result.ok) throw new SetupError(`npm ci failed:\n${tail(result.output)}`);
  }
  writeFileSync(stampPath, stamp);
}

/** Makes sure that `node_modules/.bin/node` is the pinned Node, whatever this npm thinks of install scripts. */
export function ensurePinnedNode(root) {
  if (pinnedNodeWorks(root)) return;
  announce(`fetching Node ${requiredNodeMajor} for this folder …`);
  // npm may refuse to run install scripts (--ignore-scripts, allow lists): ask for this one by name first.
  const rebuilt = runNpm(['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts'], root);
  if (pinnedNodeWorks(root)) return;
  // What the package's own script does: bring the package for this platform and link its binary.
  const installed = run(process.execPath, ['installArchSpecificPackage.js'], {
    cwd: join(root, 'node_modules', 'node'),
    env: { ...process.env, npm_config_ignore_scripts: 'false', PATH: withNpmOnPath() },
  });
  if (pinnedNodeWorks(root)) return;
  throw new SetupError(
    `could not install Node ${requiredNodeMajor} into node_modules:\n${tail(rebuilt.output, 5)}\n${tail(installed.output, 5)}`,
  );
}

/** Path of the pinned Node's binary. */
export function pinnedNode(root) {
  return join(root, 'node_modules', '.bin', 'node');
}

function pinnedNodeWorks(root) {
  const result = run(pinnedNode(root), ['--version']);
  const major = /^v(\d+)\./.exec(result.output)?.[1];
  return result.ok && Number(major) >= requiredNodeMajor;
}

/** True when somebody ran `npm install` or `npm ci` after the lock file last changed: npm then wrote its hidden lock file. */
function installedByHand(root, lockPath) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(lockPath).mtimeMs;
}

/** Runs the same npm that runs us (npm sets these variables), on the Node it runs on; `npm` from PATH when started by hand. */
function runNpm(args, root) {
  const npmScript = process.env['npm_execpath'];
  // `npm ci` deletes node_modules, and with it the pinned Node: npm must not run on that one.
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  if (npmScript !== undefined && /\.c?js$/.test(npmScript) && existsSync(node)) {
    return run(node, [npmScript, ...args], { cwd: root });
  }
  return run('npm', args, { cwd: root });
}

/** PATH with the folder of the running Node added, for scripts that call `npm` by name. */
function withNpmOnPath() {
  return `${process.env['PATH'] ?? ''}:${dirname(process.execPath)}`;
}
