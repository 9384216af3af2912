import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { KeyFile } from './key-file.ts';

let directory: string;
const opened: KeyFile[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-keys-'));
});

afterEach(async () => {
  for (const keys of opened.splice(0)) keys.close();
  await rm(directory, { recursive: true });
});

async function open(masterKey?: string): Promise<KeyFile> {
  const keys = await KeyFile.open({ directory, masterKey, log: silentLogger });
  opened.push(keys);
  return keys;
}

function ask(keys: KeyFile, streamKey: string) {
  return keys.authorize({ protocol: 'rtmp', app: 'live', streamKey, peer: '127.0.0.1:50000' });
}

describe('KeyFile', () => {
  test('a key that was added publishes to its stream, also after a restart', async () => {
    const { id, streamKey } = await (await open()).add('concert');
    expect(streamKey).toMatch(/^live_[\w-]{43}$/);
    expect(await ask(await open(), streamKey)).toEqual({ allowed: true, streamId: 'concert', keyId: id });
  });

  test.each(['', 'live_', 'live_x', `live_${'A'.repeat(43)}`, 'x'.repeat(100_000), '__proto__'])(
    'an unknown key is refused (%#)',
    async (key) => {
      const keys = await open();
      await keys.add('concert');
      expect(await ask(keys, key)).toEqual({ allowed: false, reason: 'unknown stream key' });
    },
  );

  test('a key is shown again by its id', async () => {
    const { id, streamKey } = await (await open()).add('concert');
    const again = await open();
    expect(again.reveal(id)).toBe(streamKey);
    expect(() => again.reveal('key_nothing')).toThrow('there is no key key_nothing');
  });

  test('nothing on the disk contains a key, and only the owner may read', async () => {
    const { streamKey } = await (await open()).add('concert');
    const secret = streamKey.slice(5);
    const names = await readdir(directory);
    expect(names.sort()).toEqual(['keys.json', 'master.key']);
    for (const name of names) {
      const path = join(directory, name);
      expect(await readFile(path, 'utf8')).not.toContain(secret);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  test('a stream has one key, and a name that is safe everywhere', async () => {
    const keys = await open();
    await keys.add('concert');
    await expect(keys.add('concert')).rejects.toThrow('stream concert has a key already');
    for (const name of ['', 'A', 'a/b', '../x', 'a b', 'ä', 'a'.repeat(65), 'a\n']) {
      await expect(keys.add(name)).rejects.toThrow('a stream name is 1 to 64');
    }
  });

  test('two processes that add at the same time both succeed', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    const names = Array.from({ length: 10 }, (_, index) => `stream-${index}`);
    await Promise.all(names.map((name, index) => (index % 2 === 0 ? first : second).add(name)));
    const streams = (await (await open()).list()).map(({ streamId }) => streamId);
    expect(streams.sort()).toEqual(names);
  });

  test('a running server knows a key as soon as another process added it', async () => {
    const server = await open();
    const { id, streamKey } = await (await open()).add('concert');
    expect(await ask(server, streamKey)).toMatchObject({ allowed: true, keyId: id });
  });

  test('a running server is told of a key that another process revoked, within 2 s', async () => {
    const server = await open();
    const { id, streamKey } = await server.add('concert');
    const revoked: string[] = [];
    server.onRevoked((keyId) => revoked.push(keyId));
    server.watch();
    await (await open()).revoke('concert');
    await vi.waitFor(() => expect(revoked).toEqual([id]), { timeout: 2000 });
    expect(await ask(server, streamKey)).toEqual({ allowed: false, reason: 'unknown stream key' });
  });

  test('a revoked stream may get a new key; the old one stays dead', async () => {
    const keys = await open();
    const old = await keys.add('concert');
    await keys.revoke(old.id);
    const fresh = await keys.add('concert');
    expect(await ask(keys, old.streamKey)).toMatchObject({ allowed: false });
    expect(await ask(keys, fresh.streamKey)).toMatchObject({ allowed: true });
    await expect(keys.revoke('nobody')).rejects.toThrow('there is no key "nobody"');
  });

  test('another master key opens nothing', async () => {
    const { id, streamKey } = await (await open()).add('concert');
    const other = await open(Buffer.alloc(32, 1).toString('base64'));
    expect(await ask(other, streamKey)).toMatchObject({ allowed: false });
    expect(() => other.reveal(id)).toThrow('sealed with another master key');
  });

  test('a sealed key cannot be moved to another stream', async () => {
    const keys = await open();
    const { id } = await keys.add('concert');
    const path = join(directory, 'keys.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"concert"', '"other"'));
    expect(() => keys.reveal(id)).not.toThrow();
    const reopened = await open();
    expect(() => reopened.reveal(id)).toThrow('was changed by hand');
  });

  test.each([
    ['{', 'is not JSON'],
    ['{"version":2,"keys":[]}', 'is not a key file of version 1'],
    ['{"version":1,"keys":[{}]}', 'key 1 is damaged'],
    ['{"version":1,"keys":[null]}', 'key 1 is damaged'],
  ])('a damaged file %j is named', async (text, complaint) => {
    await writeFile(join(directory, 'keys.json'), text);
    await expect(open()).rejects.toThrow(complaint);
  });

  test('a short master key is refused', async () => {
    await writeFile(join(directory, 'master.key'), 'c2hvcnQ=');
    await chmod(join(directory, 'master.key'), 0o600);
    await expect(open()).rejects.toThrow('must be 32 bytes in base64, it has 5');
  });
});
