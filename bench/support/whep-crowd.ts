import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../tests/support/wait-for.ts';
import type { ViewersReport } from './whep-viewers.ts';

const SCRIPT = fileURLToPath(new URL('whep-viewers.ts', import.meta.url));

/** Viewers over WHEP in a process of their own, all connected. */
export class WhepCrowd {
  readonly #child: ChildProcess;
  #newest: ViewersReport | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Opens that many viewers of a stream; resolves when each is connected or has failed. */
  static async open(url: string, viewers: number): Promise<WhepCrowd> {
    const child = spawn(process.execPath, [SCRIPT, url, String(viewers)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const crowd = new WhepCrowd(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      crowd.#newest = JSON.parse(line) as ViewersReport;
    });
    const done = (): boolean => (crowd.#newest?.connected ?? 0) + (crowd.#newest?.failed ?? 0) === viewers;
    await waitFor(`${viewers} viewers`, done, 60_000);
    return crowd;
  }

  /** How they fare, as of the last second. */
  get report(): ViewersReport {
    if (this.#newest === undefined) throw new Error('the viewers reported nothing');
    return this.#newest;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
