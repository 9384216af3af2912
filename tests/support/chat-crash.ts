import { checkChat } from './chat-crash-checker.ts';
import { ChatReader, ChatWriterClient, type CrashTarget, sleep } from './chat-crash-clients.ts';
import type { ChatCrashStage } from './chat-crash-stage.ts';
import { seededRandom } from './seeded-random.ts';

/** Shortest and longest time, in milliseconds. */
type Range = readonly [number, number];

/** How hard one run is. */
export interface ChatCrashOptions {
  readonly seed: number;
  /** Messages of each person at least; they go on as long as there are kills to come. */
  readonly messages: number;
  /** Longest time between two messages of one person, in milliseconds. */
  readonly writePauseMs: number;
  /** Between two connections that are cut. */
  readonly cutMs: Range;
  /** From being ready to the next kill. */
  readonly killMs: Range;
  /** That many kills at least; more while somebody has messages to say. */
  readonly minKills: number;
  /** Kills besides, right after the server came back from the first one. */
  readonly quickKills: number;
  /** From being ready to a quick kill. */
  readonly quickMs: Range;
  /** Before each how many kills PostgreSQL is frozen; 0: never. */
  readonly freezeEvery: number;
  /** For how long; every second time it is still frozen when the server is killed. */
  readonly freezeMs: Range;
  /** A run that takes longer has failed, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a run came to. */
export interface ChatCrashReport {
  readonly violations: readonly string[];
  readonly sent: number;
  readonly acked: number;
  readonly stored: number;
  readonly deleted: number;
  readonly kills: number;
  readonly freezes: number;
  /** Connections that were cut on their way. */
  readonly cuts: number;
  readonly resent: number;
  /** From being ready, or the beginning, to each kill, in milliseconds. */
  readonly upMs: readonly number[];
  /** From each kill to being ready again, in milliseconds. */
  readonly restartMs: readonly number[];
  readonly seconds: number;
}

/** One run: people write and read while the server is killed, PostgreSQL frozen and connections cut; then everything is compared. */
export async function runChatCrash(
  stage: ChatCrashStage,
  options: ChatCrashOptions,
): Promise<ChatCrashReport> {
  const startedMs = performance.now();
  // Each has a sequence of its own: what one does when does not change what the others do.
  let actors = 0;
  const random = (): (() => number) => seededRandom(options.seed * 1009 + actors++);
  const rooms = [await stage.room(), await stage.room()];
  const target: CrashTarget = { url: stage.proxy.url, rooms, owner: stage.owner };
  const readers = rooms.flatMap((room, n) =>
    [1, 2].map((m) => new ChatReader(target, room, `reader ${m} of room ${n + 1}`)),
  );
  const writers = stage.people.map(
    (person, n) =>
      new ChatWriterClient(target, {
        person,
        name: `${options.seed}-${n}`,
        messages: options.messages,
        pauseMs: options.writePauseMs,
        random: random(),
      }),
  );
  const stop = new AbortController();
  const timeout = setTimeout(() => stop.abort(), options.timeoutMs);
  try {
    await Promise.all(readers.map((reader) => reader.open()));
    let [isHarmDone, isOver] = [false, false];
    const writing = Promise.all([
      ...writers.map((writer) => writer.run(stop.signal, () => !isHarmDone)),
      ...writers.slice(0, 1).map((banned) => banned.banWhenHalfDone(stop.signal)),
    ]);
    const cutting = cutConnections(stage, options.cutMs, random(), () => isOver);
    const isEnough = (): boolean => writers.every(({ hasSaidEnough }) => hasSaidEnough);
    const harm = await doHarm(stage, options, random(), isEnough, stop.signal);
    isHarmDone = true;
    await writing;
    isOver = true;
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
      sent: sent.length,
      acked: writers.reduce((sum, writer) => sum + writer.ackedCount, 0),
      stored: stored.length,
      deleted: stored.filter(({ isDeleted }) => isDeleted).length,
      resent: writers.reduce((sum, writer) => sum + writer.resent, 0),
      cuts,
      ...harm,
      seconds: Math.round((performance.now() - startedMs) / 1000),
    };
  } finally {
    clearTimeout(timeout);
    stop.abort();
    stage.thaw();
    for (const reader of readers) reader.close();
  }
}

/** Cuts some connection now and then until everybody has said everything; gives how many. */
async function cutConnections(
  stage: ChatCrashStage,
  [shortestMs, longestMs]: Range,
  random: () => number,
  isOver: () => boolean,
): Promise<number> {
  let cuts = 0;
  while (!isOver()) {
    await sleep(shortestMs + random() * (longestMs - shortestMs));
    if (stage.proxy.cut(random())) cuts += 1;
  }
  return cuts;
}

/** Kills until `isEnough`, and at least as often as it shall be. */
async function doHarm(
  stage: ChatCrashStage,
  { killMs, quickMs, minKills, quickKills, freezeEvery, freezeMs }: ChatCrashOptions,
  random: () => number,
  isEnough: () => boolean,
  stop: AbortSignal,
): Promise<Pick<ChatCrashReport, 'kills' | 'freezes' | 'upMs' | 'restartMs'>> {
  const between = ([low, high]: Range): number => low + random() * (high - low);
  const [upMs, restartMs]: [number[], number[]] = [[], []];
  let freezes = 0;
  for (let kill = 0; ; kill += 1) {
    const isNeeded = kill < minKills + quickKills;
    const isQuick = kill >= 1 && kill <= quickKills;
    const readyMs = performance.now();
    const untilMs = readyMs + between(isQuick ? quickMs : killMs);
    const isOver = (): boolean => stop.aborted || (!isNeeded && isEnough());
    while (performance.now() < untilMs && !isOver())
      await sleep(Math.min(100, Math.max(0, untilMs - performance.now())));
    if (isOver()) break;
    if (freezeEvery > 0 && kill % freezeEvery === 0) {
      stage.freeze();
      await sleep(between(freezeMs));
      // Killed while the database is frozen, in half of the cases.
      if (freezes % 2 === 0) stage.thaw();
      freezes += 1;
    }
    upMs.push(Math.round(performance.now() - readyMs));
    restartMs.push(await stage.restart());
  }
  return { kills: restartMs.length, freezes, upMs, restartMs };
}
