import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Coturn } from '../../../../../tests/support/coturn.ts';
import type { IceServer } from '../../http/ice-server-source.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { IceServers } from './ice-servers.ts';

const SECRET = 'a secret of the test';
let coturn: Coturn;

beforeAll(async () => {
  coturn = await Coturn.start(SECRET);
});

afterAll(async () => {
  await coturn?.stop();
});

describe('TURN credentials, judged by coturn', () => {
  test('ours get an allocation, and what goes in comes out', async () => {
    const result = await allocate(turnServer(systemClock));
    expect(result.output).toMatch(/Total lost packets 0 /);
    expect(result.output).toMatch(/tot_recv_msgs=[1-9]/);
    expect(result.code).toBe(0);
  });

  test('those that expired a minute ago are refused', async () => {
    const before: Clock = { ...systemClock, now: () => Date.now() - 660_000, monotonicMs: () => 0 };
    const result = await allocate(turnServer(before));
    expect(result.output).toContain('Cannot complete Allocation');
    expect(result.code).not.toBe(0);
  });

  test('those of another secret, and those whose expiry was moved, are refused', async () => {
    const foreign = await allocate(turnServer(systemClock, 'another secret'));
    expect(foreign.output).toContain('Cannot complete Allocation');
    const own = turnServer(systemClock);
    const [expiry, name] = (own.username ?? '').split(':');
    const moved = await allocate({ ...own, username: `${Number(expiry) + 1}:${name}` });
    expect(moved.output).toContain('Cannot complete Allocation');
    expect(coturn.log).toContain('Cannot find credentials of user');
  });
});

/** What a browser would be told. */
function turnServer(clock: Clock, secret = SECRET): IceServer {
  const turn = { urls: [coturn.url], secret, ttlSec: 600 };
  const [server] = new IceServers({ stunUrls: [], turn, clock }).iceServers();
  if (server === undefined) throw new Error('no TURN server');
  return server;
}

/** Two clients of coturn's own send each other a message over the relay. */
async function allocate({
  username = '',
  credential = '',
}: IceServer): Promise<{ code: number | null; output: string }> {
  const login = ['-u', username, '-w', credential];
  const client = spawn(
    'turnutils_uclient',
    [...login, '-p', `${coturn.port}`, '-y', '-c', '-n', '1', '-m', '1', '127.0.0.1'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    },
  );
  let output = '';
  client.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  client.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    client.once('error', reject);
    client.once('close', resolve);
  });
  return { code, output };
}
