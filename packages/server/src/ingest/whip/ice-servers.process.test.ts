import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import type { IceServer } from '../../http/ice-server-source.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { IceServers } from './ice-servers.ts';

const SECRET = 'a secret of the test';
/** An allocation of the client takes an even port and the next one, for each of its two ends. */
const RELAY_PORTS = 40;

let folder: string;
let port: number;
let coturn: ChildProcess;
let log = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallylight-coturn-'));
  port = await freeUdpPort();
  const relays = await freeUdpPort();
  const minPort = Math.min(relays, 65_535 - RELAY_PORTS);
  coturn = spawn(
    'turnserver',
    [
      '-n',
      '--use-auth-secret',
      `--static-auth-secret=${SECRET}`,
      '--realm=tallylight.test',
      '--listening-ip=127.0.0.1',
      '--relay-ip=127.0.0.1',
      `--listening-port=${port}`,
      `--min-port=${minPort}`,
      `--max-port=${minPort + RELAY_PORTS}`,
      // Peers on loopback are refused otherwise, and must be on a real server.
      '--allow-loopback-peers',
      '--no-tls',
      '--no-dtls',
      '--no-cli',
      '--log-file=stdout',
      `--pidfile=${join(folder, 'pid')}`,
      `--userdb=${join(folder, 'users')}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  coturn.stdout?.on('data', (bytes: Buffer) => (log += bytes.toString()));
  coturn.stderr?.on('data', (bytes: Buffer) => (log += bytes.toString()));
  await waitFor('coturn to answer STUN', () => answersStun(port), 10_000);
});

afterAll(async () => {
  if (coturn.exitCode === null && coturn.signalCode === null) {
    const exited = new Promise((resolve) => coturn.once('exit', resolve));
    coturn.kill('SIGTERM');
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
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
    expect(log).toContain('Cannot find credentials of user');
  });
});

/** What a browser would be told. */
function turnServer(clock: Clock, secret = SECRET): IceServer {
  const turn = { urls: [`turn:127.0.0.1:${port}?transport=udp`], secret, ttlSec: 600 };
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
    [...login, '-p', `${port}`, '-y', '-c', '-n', '1', '-m', '1', '127.0.0.1'],
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

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port: free } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return free;
}

/** A STUN binding request (RFC 8489 §5) and its answer. */
async function answersStun(target: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('message', () => resolve(true));
      socket.once('error', () => resolve(false));
      setTimeout(() => resolve(false), 300);
      const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
      socket.send(request, target, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}
