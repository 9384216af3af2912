import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../platform/logger.ts';

/** Where the bytes of one segment lie on disk. */
interface Spooled {
  readonly path: string;
  /** Sizes of its parts, in order. */
  readonly sizes: readonly number[];
}

/**
 * Segments that left the playlist and must stay downloadable a while (rfc8216bis §6.2.2), on disk instead of in memory: only
 * stragglers ask for them. The directory is emptied at start; nothing in it outlives the process's use of it.
 */
export class Spool {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #segments = new Map<string, Spooled>();

  /** @param directory is made, and emptied when it exists. */
  constructor(directory: string, log: Logger) {
    this.#directory = directory;
    this.#log = log;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }

  /** Writes a segment's parts; false when that failed and the caller must keep them. `name` is unique for ever. */
  async put(name: string, parts: readonly Uint8Array[]): Promise<boolean> {
    const path = join(this.#directory, name);
    try {
      await writeFile(path, Buffer.concat(parts));
    } catch (error) {
      this.#log.warn({ error }, 'could not put a segment aside on disk; it stays in memory');
      return false;
    }
    this.#segments.set(name, { path, sizes: parts.map((part) => part.byteLength) });
    return true;
  }

  /** Bytes of a part, or of all parts; undefined when there is no such segment. Reads synchronously: the page cache has it. */
  get(name: string, part?: number): Uint8Array | undefined {
    const spooled = this.#segments.get(name);
    if (spooled === undefined) return undefined;
    const { sizes, path } = spooled;
    const sizeBytes = part === undefined ? sum(sizes) : sizes[part];
    if (sizeBytes === undefined) return undefined;
    const bytes = new Uint8Array(sizeBytes);
    const file = openSync(path, 'r');
    try {
      readSync(file, bytes, 0, sizeBytes, part === undefined ? 0 : sum(sizes.slice(0, part)));
    } finally {
      closeSync(file);
    }
    return bytes;
  }

  /** Forgets a segment. */
  remove(name: string): void {
    const spooled = this.#segments.get(name);
    if (spooled === undefined) return;
    this.#segments.delete(name);
    unlink(spooled.path).catch((error: unknown) =>
      this.#log.warn({ error }, 'could not remove a segment from disk'),
    );
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
