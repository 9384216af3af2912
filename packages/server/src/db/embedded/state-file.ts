import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** The password of the superuser, made at the first start and kept for its owner alone. */
export async function keptPassword(directory: string): Promise<string> {
  const path = join(directory, 'password');
  const kept = await text(path);
  if (kept !== undefined && kept.length >= 16) return kept;
  const password = randomBytes(32).toString('base64url');
  await replace(path, password);
  return password;
}

/** The password, if one was made. */
export function readPassword(directory: string): Promise<string | undefined> {
  return text(join(directory, 'password'));
}

/** The port of last time; undefined at the first start. */
export async function keptPort(directory: string): Promise<number | undefined> {
  const port = Number(await text(join(directory, 'port')));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Finds a port that is free now and keeps it for next time. */
export async function newPort(directory: string): Promise<number> {
  const port = await freePort();
  await replace(join(directory, 'port'), String(port));
  return port;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function text(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `${content}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
}
