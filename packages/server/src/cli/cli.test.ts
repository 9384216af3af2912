import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const bin = join(import.meta.dirname, '../../bin/tallylight.mjs');
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tallylight-cli-'));
});

afterAll(async () => {
  await rm(dataDir, { recursive: true });
});

/** Runs the command as a person would. */
function tallylight(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'], DATA_DIR: dataDir, ...env } };
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('tallylight', () => {
  test('help names every command and every flag', async () => {
    const { code, stdout } = await tallylight(['help']);
    expect(code).toBe(0);
    for (const word of ['serve', 'config', 'doctor', 'key', '--http-port', '--tls-self-signed'])
      expect(stdout).toContain(word);
  });

  test('what it does not know is refused with a hint, exit code 2', async () => {
    expect(await tallylight(['watch'])).toMatchObject({
      code: 2,
      stderr: 'tallylight: there is no command "watch"\nSee  npx tallylight help\n',
    });
    expect(await tallylight(['serve'], { HTTP_PORT: 'high' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'HTTP_PORT is "high": it must be a whole number from 0 to 65535 (port)',
      ),
    });
  });
});

describe('tallylight config', () => {
  test('prints name, value, default and unit as the server would see them', async () => {
    const { code, stdout } = await tallylight(['config', '--part-duration-ms', '333'], { HTTP_PORT: '4000' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^name +value +default +unit/);
    expect(stdout).toMatch(/^HTTP_PORT +4000 \* +3000 +port/m);
    expect(stdout).toMatch(/^PART_DURATION_MS +333 \* +200 +ms/m);
  });
});

describe('tallylight key', () => {
  test('add shows the key once, list masks it, list --reveal shows it, revoke ends it', async () => {
    const added = await tallylight(['key', 'add', 'concert']);
    const key = /live_[\w-]{43}/.exec(added.stdout)?.[0] ?? 'none';
    expect(await tallylight(['key', 'add', 'concert'])).toMatchObject({
      code: 1,
      stderr: 'tallylight: stream concert has a key already\n',
    });
    const masked = await tallylight(['key', 'list']);
    expect(masked.stdout).toContain('concert');
    expect(masked.stdout).not.toContain(key.slice(5, 20));
    expect((await tallylight(['key', 'list', '--reveal'])).stdout).toContain(key);
    expect(await tallylight(['key', 'revoke', 'concert'])).toMatchObject({ code: 0 });
    expect((await tallylight(['key', 'list'])).stdout).toBe('There are no stream keys.\n');
  });

  test('without a stream it says what it needs', async () => {
    expect(await tallylight(['key', 'add'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('key needs one of'),
    });
  });
});

describe('tallylight doctor', () => {
  test('names a port that is taken and how to mend it, exit code 1', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.listen({ port: 0, host: '127.0.0.1' }, () => {
        const address = server.address();
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('the server has no port'));
      });
    });
    try {
      const args = ['doctor', '--http-host', '127.0.0.1', '--http-port', String(port), '--rtmp-port', '0'];
      const { code, stdout } = await tallylight(args);
      expect(stdout).toContain(`FAIL  port ${port} (HTTP_PORT): taken`);
      expect(stdout).toContain('or set HTTP_PORT');
      expect(code).toBe(1);
    } finally {
      server.close();
    }
  });
});
