#!/usr/bin/env node
/**
 * What a newcomer does: `npm start` in this folder, then open the page. Passes when page and test card are served within 10 s of
 * set-up and the server ends by itself when asked. Plain JavaScript, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const setUpLimitMs = 120_000;
const playLimitMs = 10_000;
const stopLimitMs = 15_000;

const httpPort = await freePort();
const dataDir = mkdtempSync(join(tmpdir(), 'tallylight-start-'));
const env = {
  ...process.env,
  HTTP_PORT: String(httpPort),
  RTMP_PORT: String(await freePort()),
  RTC_PORT: String(await freePort()),
  DATA_DIR: dataDir,
};
// Its own process group, so that nothing of it outlives us.
const child = spawn('npm', ['start'], {
  cwd: root,
  env,
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
const ended = new Promise((resolve) => {
  child.on('exit', (code, signal) => resolve(code ?? signal));
  child.on('error', (error) => resolve(error.message));
});
process.on('exit', () => signalGroup('SIGKILL'));

try {
  const base = `http://127.0.0.1:${httpPort}`;
  await until('the page', setUpLimitMs, async () => (await get(`${base}/`)).includes('<html'));
  const begin = performance.now();
  await until('the test card', playLimitMs, () => plays(`${base}/hls/demo/index.m3u8`));
  console.log(
    `clean start: the test card plays ${Math.round(performance.now() - begin)} ms after the page was there`,
  );
  signalGroup('SIGTERM');
  await within(stopLimitMs, ended, 'npm start did not end after SIGTERM');
} finally {
  signalGroup('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}

/** True when the newest part of the first variant can be fetched. A cold playlist begins with gaps, which cannot. */
async function plays(multivariantUrl) {
  const variant = (await get(multivariantUrl))
    .split('\n')
    .find((line) => line !== '' && !line.startsWith('#'));
  if (variant === undefined) return false;
  const variantUrl = new URL(variant.trim(), multivariantUrl);
  const parts = (await get(variantUrl))
    .split('\n')
    .filter((line) => line.startsWith('#EXT-X-PART:') && !line.includes('GAP=YES'));
  const uri = /URI="([^"]+)"/.exec(parts.at(-1) ?? '')?.[1];
  return uri !== undefined && (await get(new URL(uri, variantUrl))).length > 0;
}

async function get(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return response.ok ? await response.text() : '';
}

async function until(what, limitMs, condition) {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (
      await Promise.race([
        condition().catch(() => false),
        ended.then((how) => fail(`npm start ended (${how})`)),
      ])
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  fail(`${what} was not there after ${limitMs / 1000} s`);
}

async function within(limitMs, promise, complaint) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), limitMs);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function fail(complaint) {
  throw new Error(complaint);
}

function signalGroup(signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It is gone already.
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
