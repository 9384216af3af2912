import { randomBytes } from 'node:crypto';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseInUseError } from './embedded-postgres-error.ts';
import { processMark, processWorld } from './process-proof.ts';

/** How often the owner shows that it lives, for those who cannot see its process. */
const HEARTBEAT_MS = 1000;
/** How long we watch the lock of an owner whom we cannot see, before we take it for dead. */
const WATCH_MS = 3500;

/** Who has the database: a process of this machine is told from a later one with the same id by its mark. */
interface Owner {
  readonly pid: number;
  readonly mark: string;
  /** Host and process-id namespace in which `pid` means something. */
  readonly world: string;
}

/** The right to run PostgreSQL on a folder: one server at a time, and the next one after that one's death, however it died. */
export class ServerLock {
  readonly #path: string;
  readonly #text: string;
  readonly #heartbeat: NodeJS.Timeout;
  #isHeld = true;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      // A lock that cannot be touched is still ours.
      void utimes(path, now, now).catch(() => {});
    }, HEARTBEAT_MS).unref();
  }

  /** Takes the lock in `directory`. Throws `DatabaseInUseError` when a living server holds it. */
  static async take(directory: string): Promise<ServerLock> {
    const path = join(directory, 'server.lock');
    const own: Owner = { pid: process.pid, mark: processMark(process.pid) ?? '', world: world() };
    // The random part tells two locks of one process apart.
    const text = JSON.stringify({ ...own, id: randomBytes(8).toString('hex') });
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(temporary, text, { mode: 0o600 });
    try {
      // A link is made whole or not at all, and by one of two at once.
      while (!(await linked(temporary, path))) await removeIfDead(path, directory);
    } finally {
      await unlink(temporary);
    }
    return new ServerLock(path, text);
  }

  /** Process id of the living server of this machine that holds the lock of `directory`; undefined when there is none. */
  static async ownerOf(directory: string): Promise<number | undefined> {
    const owner = parse(await textOf(join(directory, 'server.lock')));
    return owner !== undefined && (await isAlive(owner, undefined)) ? owner.pid : undefined;
  }

  /** Gives the lock back; idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if ((await textOf(this.#path)) === this.#text) await unlink(this.#path);
  }
}

async function removeIfDead(path: string, directory: string): Promise<void> {
  const text = await textOf(path);
  if (text === undefined) return;
  const owner = parse(text);
  if (owner !== undefined && (await isAlive(owner, path))) {
    throw new DatabaseInUseError(directory, owner.world === world() ? owner.pid : undefined);
  }
  // Moved away before it is removed: of two who found it dead, one moves it, and who moved a living one's puts it back.
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await textOf(aside)) !== text) await linked(aside, path);
  await unlink(aside);
}

/** Of an owner that we cannot see, the lock shows whether it lives: it touches it. `path` undefined: do not wait for that. */
async function isAlive(owner: Owner, path: string | undefined): Promise<boolean> {
  if (owner.world === world()) return processMark(owner.pid) === owner.mark;
  if (path === undefined) return false;
  const before = (await stat(path)).mtimeMs;
  await delay(WATCH_MS);
  return (await stat(path).catch(() => undefined))?.mtimeMs !== before;
}

function world(): string {
  return `${hostname()} ${processWorld()}`;
}

function parse(text: string | undefined): Owner | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Owner>;
    if (typeof value.pid !== 'number' || typeof value.mark !== 'string') return undefined;
    return { pid: value.pid, mark: value.mark, world: String(value.world) };
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
