import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freeUdpPort } from '../../tests/support/free-port.ts';

const SCRIPT = fileURLToPath(new URL('bare-whep.ts', import.meta.url));

/** The WebRTC library without anything of ours, in a process of its own (see `bare-whep.ts`). */
export class BareWhep {
  readonly #child: ChildProcess;
  /** Its WHEP address. */
  readonly url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Starts one that sends each viewer packets of that size. */
  static async start(load: {
    readonly packetsPerSecond: number;
    readonly packetBytes: number;
    /** Of this machine: what viewers send to. */
    readonly address: string;
  }): Promise<BareWhep> {
    const words = [await freeUdpPort(), load.packetsPerSecond, Math.round(load.packetBytes)].map(String);
    const child = spawn(process.execPath, [SCRIPT, ...words, load.address], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return new BareWhep(child, `http://127.0.0.1:${port}/`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
