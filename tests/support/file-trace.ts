import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

/** Every path that a process names to the kernel, from strace(1). */
export class FileTrace {
  readonly #strace: ChildProcess;
  readonly #folder: string;

  private constructor(strace: ChildProcess, folder: string) {
    this.#strace = strace;
    this.#folder = folder;
  }

  /** Attaches to a process and its threads. Undefined where there is no strace or it may not. */
  static async of(pid: number): Promise<FileTrace | undefined> {
    const folder = await mkdtemp(join(tmpdir(), 'tallylight-trace-'));
    const args = ['-f', '-p', String(pid), '-e', 'trace=%file', '-s', '4096', '-o', join(folder, 'trace')];
    const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    strace.on('error', (error) => {
      said = String(error);
    });
    strace.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await waitFor('strace', () => /attached|Error|Could not|Operation not/.test(said));
    if (said.includes('attached')) return new FileTrace(strace, folder);
    strace.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }

  /** Detaches and gives the calls, one a line. */
  async stop(): Promise<string[]> {
    const gone = new Promise((resolve) => this.#strace.once('exit', resolve));
    this.#strace.kill('SIGINT');
    await gone;
    const text = await readFile(join(this.#folder, 'trace'), 'latin1');
    await rm(this.#folder, { recursive: true, force: true });
    return text.split('\n').filter((line) => line.includes('"'));
  }
}
