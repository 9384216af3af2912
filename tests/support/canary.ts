import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SECRET = 'the canary sings';
const LONG_AGO = new Date(1e12);

/** A folder with a secret file and a listener of loopback that nobody has any business with. */
export class Canary {
  readonly folder: string;
  /** TCP connections that came. */
  connections = 0;
  readonly #tcp: Server;
  #port = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.#tcp = createServer((socket: Socket) => {
      this.connections++;
      socket.destroy();
    });
  }

  /** Makes the folder and listens. */
  static async start(): Promise<Canary> {
    const canary = new Canary(await mkdtemp(join(tmpdir(), 'tallylight-canary-')));
    await writeFile(canary.secretFile, SECRET);
    await canary.#forgetReading();
    await new Promise<void>((resolve) => canary.#tcp.listen(0, '127.0.0.1', resolve));
    const address = canary.#tcp.address();
    if (address !== null && typeof address !== 'string') canary.#port = address.port;
    return canary;
  }

  get secretFile(): string {
    return join(this.folder, 'secret.txt');
  }

  /** Where it must not be created. */
  get forbiddenFile(): string {
    return join(this.folder, 'pwned');
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/canary.ts`;
  }

  /** What happened to it, in words: nothing, if nobody touched it. */
  async complaints(): Promise<string[]> {
    const found: string[] = [];
    if (this.connections > 0) found.push(`${this.connections} connections`);
    const { atimeMs } = await stat(this.secretFile);
    if (atimeMs !== LONG_AGO.getTime())
      found.push(`the secret file was read at ${new Date(atimeMs).toISOString()}`);
    const files = await readdir(this.folder);
    if (files.join() !== 'secret.txt') found.push(`files: ${files.join()}`);
    if ((await readFile(this.secretFile, 'utf8')) !== SECRET) found.push('the secret file was changed');
    await this.#forgetReading();
    return found;
  }

  /** Stops listening and removes the folder. */
  async close(): Promise<void> {
    await new Promise((resolve) => this.#tcp.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Older than the last change: so the kernel notes the next reading, mounted relatime or not. */
  async #forgetReading(): Promise<void> {
    await utimes(this.secretFile, LONG_AGO, new Date());
  }
}
