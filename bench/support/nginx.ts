import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/** True when nginx is installed; with `rtmp` also its RTMP module (Debian's libnginx-mod-rtmp). */
export function nginxInstalled(rtmp: boolean): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return !rtmp || existsSync(RTMP_MODULE);
  } catch {
    return false;
  }
}

/** An nginx of our own configuration on loopback, in the foreground, one worker. */
export class Nginx {
  readonly directory: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.directory = directory;
    this.#child = child;
  }

  /** @param blocks the parts of nginx.conf behind `events`; `{dir}` is replaced by a fresh directory. */
  static async start(blocks: string, options: { readonly rtmp: boolean }): Promise<Nginx> {
    const directory = mkdtempSync(join(tmpdir(), 'tallylight-nginx-'));
    const head = [
      'user root;',
      options.rtmp ? `load_module ${RTMP_MODULE};` : '',
      `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;`,
      'events { worker_connections 8192; }',
    ].join('\n');
    writeFileSync(join(directory, 'nginx.conf'), `${head}\n${blocks.replaceAll('{dir}', directory)}\n`);
    const child = spawn('nginx', ['-c', join(directory, 'nginx.conf'), '-e', `${directory}/error.log`], {
      stdio: 'ignore',
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (child.exitCode !== null) throw new Error(`nginx did not start, see ${directory}/error.log`);
    return new Nginx(directory, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
