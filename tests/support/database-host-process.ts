import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const HOST = join(import.meta.dirname, 'database-host.ts');

/** What a host says when it is ready, or why it is not. */
export interface HostReport {
  readonly pid: number;
  readonly postgresPid: number;
  readonly url: string;
  readonly error?: string;
}

/** A process of its own that runs an embedded PostgreSQL, as the server does. */
export class DatabaseHost {
  readonly child: ChildProcess;
  /** What it said; rejects when it ended without a word. */
  readonly report: Promise<HostReport>;
  /** Resolves with its exit code, null after a signal. */
  readonly exited: Promise<number | null>;

  /** `command`: what runs Node, such as `setpriv …` for another user; it must become Node, not start it. */
  constructor(
    directory: string,
    options: { readonly migrate?: boolean; readonly command?: readonly string[] } = {},
  ) {
    const [program, ...words] = [...(options.command ?? []), process.execPath, HOST, directory];
    this.child = spawn(program, [...words, ...(options.migrate === true ? ['migrate'] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A process group of its own, which a test may signal as the terminal does.
      detached: true,
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code) => resolve(code));
      // It could not even be started: there is no exit then.
      this.child.once('error', () => resolve(null));
    });
    this.report = this.#read();
    this.report.catch(() => {});
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Asks it to end, and waits. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }

  #read(): Promise<HostReport> {
    return new Promise((resolve, reject) => {
      let text = '';
      this.child.stdout?.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('\n')) resolve(JSON.parse(text) as HostReport);
      });
      this.child.once('error', reject);
      this.child.once('close', () => reject(new Error(`the host ended without a word: ${text}`)));
    });
  }
}
