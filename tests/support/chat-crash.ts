import { checkChat } from './chat-crash-checker.ts';
import { ChatReader, ChatWriterClient, type CrashTarget, sleep } from './chat-crash-clients.ts';
import type { ChatCrashStage } from './chat-crash-stage.ts';
import { seededRandom } from './seeded-random.ts';

/** How hard one run is. */
export interface ChatCrashOptions {
  readonly seed: number;
  /** Messages of each person. */
  readonly messages: number;
  /** Longest time between two messages of one person, in milliseconds. */
  readonly writePauseMs: number;
  /** Shortest and longest time from being ready to the next kill, in milliseconds. */
  readonly killMs: readonly [number, number];
  /** Shortest and longest time for which PostgreSQL is frozen before each second kill, in milliseconds. */
  readonly freezeMs: readonly [number, number];
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
  readonly deleted: number;
  readonly kills: number;
  readonly freezes: number;
  /** Connections that were cut on their way. */
  readonly cuts: number;
  readonly resent: number;
  /** From each kill to being ready again, in milliseconds. */
  readonly restartMs: readonly number[];
}

/** One run: people write and read while the server is killed, PostgreSQL frozen and connections cut; then everything is compared. */
export async function runChatCrash(
  stage: ChatCrashStage,
  options: ChatCrashOptions,
): Promise<ChatCrashReport> {
  const random = seededRandom(options.seed);
  const rooms = [await stage.room(), await stage.room()];
  const target: CrashTarget = { url: stage.proxy.url, rooms, owner: stage.owner };
  const readers = rooms.flatMap((room) => [1, 2].map(() => new ChatReader(target, room)));
  const writers = stage.people.map(
    (person, n) =>
      new ChatWriterClient(target, {
        person,
        name: `${options.seed}-${n}`,
        messages: options.messages,
        pauseMs: options.writePauseMs,
        random,
      }),
  );
  const stop = new AbortController();
  const timeout = setTimeout(() => stop.abort(), options.timeoutMs);
  try {
    await Promise.all(readers.map((reader) => reader.open()));
    const writing = [
      ...writers.map((writer) => writer.run(stop.signal)),
      ...writers.slice(0, 1).map((banned) => banned.banWhenHalfDone(stop.signal)),
    ];
    let isOver = false;
    const finished = Promise.all(writing).then(() => {
      isOver = true;
      return true;
    });
    const cutting = cutConnections(stage, random, () => isOver);
    const faults = await doHarm(stage, options, random, finished, stop.signal);
    await finished;
    const cuts = await cutting;
    const timedOut = stop.signal.aborted ? ['the run did not end in time'] : [];
    const stored = await stage.stored(rooms);
    for (const reader of readers) {
      const expected = stored.filter(({ streamId }) => streamId === reader.room).length;
      await reader.heal((view) => view.length >= expected);
    }
    const sent = writers.flatMap((writer) => writer.sent);
    return {
      violations: [
        ...timedOut,
        ...[...writers, ...readers].flatMap(({ violations }) => violations),
        ...checkChat({ rooms, stored, sent, readers }),
      ],
      stored: stored.length,
      deleted: stored.filter(({ isDeleted }) => isDeleted).length,
      acked: writers.reduce((sum, writer) => sum + writer.ackedCount, 0),
      resent: writers.reduce((sum, writer) => sum + writer.resent, 0),
      cuts,
      ...faults,
    };
  } finally {
    clearTimeout(timeout);
    stop.abort();
    stage.thaw();
    for (const reader of readers) reader.close();
  }
}

/** Cuts some connection every tenth of a second until everybody has said everything; gives how many. */
async function cutConnections(
  stage: ChatCrashStage,
  random: () => number,
  isOver: () => boolean,
): Promise<number> {
  let cuts = 0;
  while (!isOver()) {
    await sleep(50 + random() * 100);
    if (stage.proxy.cut(random())) cuts += 1;
  }
  return cuts;
}

async function doHarm(
  stage: ChatCrashStage,
  { killMs, freezeMs, maxKills }: ChatCrashOptions,
  random: () => number,
  finished: Promise<boolean>,
  stop: AbortSignal,
): Promise<Pick<ChatCrashReport, 'kills' | 'freezes' | 'restartMs'>> {
  const between = ([low, high]: readonly [number, number]): number => low + random() * (high - low);
  const restartMs: number[] = [];
  let freezes = 0;
  while (!stop.aborted && restartMs.length < maxKills) {
    const isDone = await Promise.race([sleep(between(killMs)).then(() => false), finished]);
    if (isDone) break;
    if (restartMs.length % 2 === 0) {
      freezes += 1;
      stage.freeze();
      await sleep(between(freezeMs));
      // Killed while the database is frozen, in half of the cases.
      if (random() < 0.5) stage.thaw();
    }
    restartMs.push(await stage.restart());
  }
  return { kills: restartMs.length, freezes, restartMs };
}
