import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, freeUdpPort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

const BIN = join(import.meta.dirname, '../../packages/server/bin/tallylight.mjs');

/** How a server under test is started. */
export interface TallylightOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Run the test card too. Default false. */
  readonly demo?: boolean;
  /** Serve TLS with a self-signed certificate. */
  readonly tls?: boolean;
  /** With accounts, chat and a database of its own; otherwise `ROLE=media`. Default false: most tests are about media. */
  readonly control?: boolean;
}

/** A server of ours as a child process, on free ports of loopback and with a data directory of its own. */
export class Tallylight {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly rtmpPort: number;
  readonly dataDir: string;
  /** Log lines so far, parsed. */
  readonly log: Record<string, unknown>[] = [];
  readonly #options: TallylightOptions;
  readonly rtcPort: number;
  readonly #rtmpsPort: number;
  #child: ChildProcess | undefined;
  #text = '';

  private constructor(options: TallylightOptions, ports: readonly number[], dataDir: string) {
    this.#options = options;
    this.httpPort = ports[0] ?? 0;
    this.httpsPort = ports[1] ?? 0;
    this.rtmpPort = ports[2] ?? 0;
    this.#rtmpsPort = ports[3] ?? 0;
    this.rtcPort = ports[4] ?? 0;
    this.dataDir = dataDir;
  }

  /** Starts a server and waits until it listens. */
  static async start(options: TallylightOptions = {}): Promise<Tallylight> {
    const ports = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freeUdpPort(),
    ];
    const server = new Tallylight(options, ports, await mkdtemp(join(tmpdir(), 'tallylight-test-')));
    try {
      await server.launch();
    } catch (error) {
      await server.signal('SIGKILL');
      throw error;
    }
    return server;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server is not running');
    return this.#child.pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get httpsUrl(): string {
    return `https://localhost:${this.httpsPort}`;
  }

  get rtmpUrl(): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/live`;
  }

  get rtmpsUrl(): string {
    return `rtmps://127.0.0.1:${this.#rtmpsPort}/live`;
  }

  /** URL of a stream's multivariant playlist. */
  playlistUrl(streamId: string): string {
    return `${this.url}/hls/${streamId}/index.m3u8`;
  }

  /** Everything that the server printed. */
  get output(): string {
    return this.#text;
  }

  /** Starts the process again, after `kill` or `stop`, with the same ports and directory. */
  async launch(): Promise<void> {
    const { args = [], demo = false, tls = false } = this.#options;
    const child = spawn(
      process.execPath,
      [BIN, 'serve', ...(demo ? [] : ['--no-demo']), ...(tls ? ['--tls-self-signed'] : []), ...args],
      { env: { ...process.env, ...this.#env() }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    const before = this.log.length;
    child.stdout.on('data', (bytes: Buffer) => this.#read(bytes));
    child.stderr.on('data', (bytes: Buffer) => this.#read(bytes));
    await waitFor(
      'the server to listen',
      () => {
        if (child.exitCode !== null)
          throw new Error(`the server exited with ${child.exitCode}: ${this.#text.slice(-2000)}`);
        return this.log.slice(before).some((line) => line['msg'] === 'listening');
      },
      15_000,
      10,
    );
  }

  /** Makes a stream key for a stream and returns it. */
  async addKey(streamId: string): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [BIN, 'key', 'add', streamId], {
      env: { ...process.env, ...this.#env() },
    });
    const key = /live_[\w-]{43}/.exec(stdout)?.[0];
    if (key === undefined) throw new Error(`no key in: ${stdout}`);
    return key;
  }

  /** Asks the server to stop and waits for it; removes its directory. */
  async stop(): Promise<number | null> {
    const code = await this.signal('SIGTERM');
    await rm(this.dataDir, { recursive: true, force: true });
    return code;
  }

  /** Sends a signal and waits for the process to be gone. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return gone;
  }

  #env(): Record<string, string> {
    return {
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(this.httpPort),
      HTTPS_PORT: String(this.httpsPort),
      RTMP_PORT: String(this.rtmpPort),
      RTMPS_PORT: String(this.#rtmpsPort),
      RTC_PORT: String(this.rtcPort),
      DATA_DIR: this.dataDir,
      LOG_FORMAT: 'json',
      ROLE: this.#options.control === true ? 'all' : 'media',
      ...this.#options.env,
    };
  }

  #read(bytes: Buffer): void {
    const started = this.#text.lastIndexOf('\n') + 1;
    this.#text += bytes.toString();
    const ended = this.#text.lastIndexOf('\n');
    if (ended < started) return;
    for (const line of this.#text.slice(started, ended).split('\n')) {
      if (line.startsWith('{')) this.log.push(JSON.parse(line) as Record<string, unknown>);
    }
  }
}
