import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { httpGet } from './http-client.ts';
import { waitFor } from './wait-for.ts';

/** An nginx as a plain HTTP cache that asks its upstream once for what many wait for. */
export class NginxCache {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.#port = port;
    this.#folder = folder;
  }

  /** Starts nginx in front of a port of loopback and waits until it answers. */
  static async start(upstreamPort: number): Promise<NginxCache> {
    const folder = await mkdtemp(join(tmpdir(), 'tallylight-nginx-'));
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    await writeFile(file, configuration(folder, port, upstreamPort));
    const child = spawn('nginx', ['-c', file, '-p', folder], { stdio: 'ignore' });
    const cache = new NginxCache(child, port, folder);
    await waitFor('nginx', async () => (await httpGet(`http://127.0.0.1:${port}/`)).status > 0);
    return cache;
  }

  /** The same URL through the cache. */
  of(url: string): string {
    const through = new URL(url);
    through.port = String(this.#port);
    return through.href;
  }

  /** Stops nginx and removes its files. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  proxy_cache_path ${folder}/cache levels=1 keys_zone=hls:1m max_size=64m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_http_version 1.1;
      proxy_cache hls;
      proxy_cache_key $uri$is_args$args;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 20s;
      proxy_cache_lock_age 20s;
      add_header X-Cache-Status $upstream_cache_status always;
    }
  }
}
`;
}
