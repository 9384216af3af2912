import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeUdpPort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

/** Ports for relays: coturn's own test client takes four, each browser session a few. */
const RELAY_PORTS = 40;

/** Whether Debian's coturn is on this machine. */
export function hasCoturn(): boolean {
  return spawnSync('turnserver', ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** A TURN server with time-limited credentials on a free port of loopback, that relays to loopback only by UDP. */
export class Coturn {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #log = '';

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (bytes: Buffer) => (this.#log += bytes.toString()));
    }
  }

  /** Starts one that takes credentials made with this secret, and waits until it answers. */
  static async start(secret: string): Promise<Coturn> {
    const folder = await mkdtemp(join(tmpdir(), 'tallylight-coturn-'));
    const port = await freeUdpPort();
    const minPort = Math.min(await freeUdpPort(), 65_535 - RELAY_PORTS);
    const child = spawn(
      'turnserver',
      [
        '-n',
        '--use-auth-secret',
        `--static-auth-secret=${secret}`,
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
    child.once('error', () => {});
    const coturn = new Coturn(child, port, folder);
    await waitFor('coturn to answer STUN', () => answersStun(port), 10_000);
    return coturn;
  }

  /** `TURN_URLS` of a server that uses it. */
  get url(): string {
    return `turn:127.0.0.1:${this.port}?transport=udp`;
  }

  /** What it printed so far. */
  get log(): string {
    return this.#log;
  }

  /** Ends the process and removes its files. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A STUN binding request (RFC 8489 §5) and its answer. */
async function answersStun(target: number): Promise<boolean> {
  const socket = createSocket('udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('message', () => resolve(true));
      socket.once('error', () => resolve(false));
      timer = setTimeout(() => resolve(false), 300);
      const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
      socket.send(request, target, '127.0.0.1');
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
