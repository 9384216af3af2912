import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ChatStage } from '../../packages/server/src/control/chat/testing/chat-stage.ts';
import { Database } from '../../packages/server/src/db/database.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { checkChat } from './chat-crash-checker.ts';
import { ChatReader, ChatWriterClient, type CrashTarget, sleep } from './chat-crash-clients.ts';
import type { OwnPostgres } from './own-postgres.ts';

const SERVER = join(
  import.meta.dirname,
  '../../packages/server/src/control/chat/testing/chat-crash-server.ts',
);

/** How hard one run is. */
export interface ChatCrashOptions {
  readonly seed: number;
  /** People who write. */
  readonly clients: number;
  /** Messages of each. */
  readonly messages: number;
  /** Shortest and longest time between two kills of the server, in milliseconds. */
  readonly killMs: readonly [number, number];
  /** Shortest and longest time for which PostgreSQL is frozen, in milliseconds. */
  readonly pauseMs: readonly [number, number];
  /** Kills at most; after them the clients end in peace. */
  readonly maxKills: number;
  /** A run that takes longer has failed, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a run came to. */
export interface ChatCrashReport {
  readonly violations: readonly string[];
  readonly acked: number;
  readonly stored: number;
  readonly kills: number;
  readonly pauses: number;
  readonly resent: number;
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One run: clients write and read while the server is killed and the database frozen; then everything is compared. */
export async function runChatCrash(own: OwnPostgres, options: ChatCrashOptions): Promise<ChatCrashReport> {
  const random = seededRandom(options.seed);
  const between = ([low, high]: readonly [number, number]): number => low + random() * (high - low);
  const database = new Database({ url: own.url, log: silentLogger });
  const stage = await ChatStage.create(database);
  const rooms = await Promise.all([stage.stream(), stage.stream()]);
  const people = await Promise.all(Array.from({ length: options.clients }, (_, n) => stage.person(`P${n}`)));
  const server = new KilledServer(own.url);
  await server.start();
  const target: CrashTarget = { base: () => server.base, rooms, ownerId: stage.owner.userId };
  const readers = rooms.flatMap((room) => [1, 2].map(() => new ChatReader(target, room)));
  const writers = people.map(
    ({ userId }, n) =>
      new ChatWriterClient(target, {
        userId,
        name: `${options.seed}-${n}`,
        messages: options.messages,
        random,
      }),
  );
  const stop = new AbortController();
  const reading = readers.map((reader) => reader.run(stop.signal));
  const writing = Promise.all(writers.map((writer) => writer.run(stop.signal)));
  const banned = writers[0];
  const banning = banned?.banWhenHalfDone(stop.signal);
  let [kills, pauses] = [0, 0];
  const finished = Promise.all([writing, banning]).then(() => true);
  const timeout = setTimeout(() => stop.abort(), options.timeoutMs);
  try {
    while (!stop.signal.aborted && kills < options.maxKills) {
      const isDone = await Promise.race([sleep(between(options.killMs)).then(() => false), finished]);
      if (isDone) break;
      if (kills % 2 === 0) {
        pauses += 1;
        own.signal('SIGSTOP');
        await sleep(between(options.pauseMs));
        // Killed while the database is frozen, in half of the cases.
        if (random() < 0.5) await server.restart();
        own.signal('SIGCONT');
      }
      kills += 1;
      await server.restart();
    }
    await finished;
    const timedOut = stop.signal.aborted ? ['the run did not end in time'] : [];
    for (const reader of readers) await reader.heal();
    stop.abort();
    await Promise.all(reading);
    const { violations, stored } = await checkChat({ database, target, writers, readers });
    return {
      violations: [...timedOut, ...violations],
      stored,
      acked: writers.reduce((sum, writer) => sum + writer.ackedCount, 0),
      resent: writers.reduce((sum, writer) => sum + writer.resent, 0),
      kills,
      pauses,
    };
  } finally {
    clearTimeout(timeout);
    stop.abort();
    own.signal('SIGCONT');
    await server.kill();
    await stage.close();
    await database.close();
  }
}

/** The server process that is killed and started again. Its port changes each time. */
class KilledServer {
  base = 'http://127.0.0.1:1';
  readonly #url: string;
  #child: ChildProcess | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [SERVER], {
      env: { ...process.env, CHAT_DATABASE_URL: this.#url },
      // It ends with us: the end of its stdin tells it.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('port ')) continue;
      this.base = `http://127.0.0.1:${line.slice(5)}`;
      return;
    }
    throw new Error('the server ended before it listened');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}
