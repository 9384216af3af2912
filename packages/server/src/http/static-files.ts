import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip, type OriginResponse } from '../origin/exchange.ts';
import type { HttpRequest } from './http-request.ts';
import { respond } from './respond.ts';
import { pathOf, type RequestHandler } from './router.ts';
import { PAGE_HEADERS, TRANSPORT_SECURITY } from './security-headers.ts';

/** Limits of a web app that is kept in memory. */
const MAX_FILES = 2000;
const MAX_TOTAL_BYTES = 64 << 20;

/** Paths of the app's own pages, beside `/watch/:id`. */
const PAGES: ReadonlySet<string> = new Set([
  '/',
  '/studio',
  '/network-test',
  '/sign-in',
  '/reset-password',
  '/setup',
  '/streams',
  '/account',
]);

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.mjs', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.map', 'application/json; charset=utf-8'],
  ['.webmanifest', 'application/manifest+json'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.webp', 'image/webp'],
  ['.ico', 'image/x-icon'],
  ['.woff2', 'font/woff2'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

/** How a web app is served. */
export interface StaticOptions {
  /**
   * Send Strict-Transport-Security. Only right when HTTPS is on port 443: browsers apply it to every port of the host, and
   * would then ask the plain port for TLS. Default false.
   */
  readonly strictTransport?: boolean;
}

interface StaticFile {
  readonly plain: Buffer;
  readonly gzip: Buffer | undefined;
  readonly headers: readonly string[];
  readonly tag: string;
}

/**
 * A built web app, read into memory once: a request can only name what was found then, so no path in a request is ever
 * opened. The {@link PAGES} and `/watch/:id` are `index.html`.
 */
export class StaticFiles implements RequestHandler {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  /** Reads a directory. Throws when it cannot be read, or holds too much (2000 files, 64 MiB). Links are left out. */
  static async load(directory: string, options: StaticOptions = {}): Promise<StaticFiles> {
    const pageHeaders =
      options.strictTransport === true ? [...PAGE_HEADERS, ...TRANSPORT_SECURITY] : PAGE_HEADERS;
    const files = new Map<string, StaticFile>();
    let totalBytes = 0;
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      totalBytes += (await stat(path)).size;
      if (files.size >= MAX_FILES || totalBytes > MAX_TOTAL_BYTES) {
        throw new RangeError(
          `web app in ${directory} is larger than ${MAX_FILES} files or ${MAX_TOTAL_BYTES} bytes`,
        );
      }
      const urlPath = `/${relative(directory, path).split(sep).join('/')}`;
      files.set(urlPath, await prepare(urlPath, await readFile(path), pageHeaders));
    }
    return new StaticFiles(files);
  }

  /** Answers GET and HEAD for files of the app. */
  handle(request: HttpRequest, response: OriginResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const path = pathOf(request.url ?? '');
    const file = this.#files.get(isPage(path) ? '/index.html' : path);
    if (file === undefined) return false;
    const known = request.headers['if-none-match'];
    if (known?.includes(file.tag) === true) {
      respond(response, 304, file.headers);
      return true;
    }
    const compressed = file.gzip !== undefined && acceptsGzip(request);
    const body = compressed ? (file.gzip ?? file.plain) : file.plain;
    const encoding = compressed ? ['Content-Encoding', 'gzip'] : [];
    respond(response, 200, [...file.headers, ...encoding, 'Content-Length', String(body.length)], body);
    return true;
  }
}

/** Pages that the app routes by itself. */
function isPage(path: string): boolean {
  if (PAGES.has(path)) return true;
  return path.startsWith('/watch/') && path.length > 7 && !path.includes('/', 7);
}

async function prepare(urlPath: string, plain: Buffer, pageHeaders: readonly string[]): Promise<StaticFile> {
  const type = TYPES.get(extname(urlPath).toLowerCase()) ?? 'application/octet-stream';
  const packed = /^text|json|svg|javascript/.test(type)
    ? await promisify(gzip)(plain, { level: 9 })
    : undefined;
  const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return {
    plain,
    gzip: packed !== undefined && packed.length < plain.length ? packed : undefined,
    tag,
    headers: [
      ...pageHeaders,
      'Content-Type',
      type,
      'Vary',
      'Accept-Encoding',
      'ETag',
      tag,
      'Cache-Control',
      // The build puts a hash into the names below assets/; everything else is asked for again.
      urlPath.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ],
  };
}
