/** A process with many clients of a chat. It is told over IPC what they do, and answers with what they saw. */

import { Histogram } from './chat-histogram.ts';
import { ChatSocket } from './chat-socket.ts';

/** What a crowd is asked to do. */
export type CrowdOrder =
  | {
      readonly type: 'join';
      readonly port: number;
      /** One client for each; the streams are dealt out in turn. */
      readonly tokens: readonly string[];
      readonly streamIds: readonly string[];
    }
  | {
      readonly type: 'talk';
      readonly seconds: number;
      /** Messages a second of all clients together; 0: none. */
      readonly perSecond: number;
      /** Instead of a rate: so many at a time, each as soon as the last is acknowledged. */
      readonly atOnce?: number;
    }
  | { readonly type: 'react'; readonly seconds: number; readonly perSecond: number };

/** What came of it. */
export interface CrowdReport {
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  readonly firstRefusal?: string;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  /** Messages that reached a client, summed over clients. */
  readonly deliveries: number;
  readonly deliveryP50Ms: number;
  readonly deliveryP99Ms: number;
  readonly deliveryMaxMs: number;
  /** Events about reactions that reached a client, on average. */
  readonly reactionEventsPerClient: number;
  readonly lost: number;
  readonly cpuPercent: number;
}

const CHAT = Buffer.from('["stream:chat-message"');
const REACTION = Buffer.from('["stream:reaction');
const STAMP = Buffer.from('t=');
/** Digits of a stamp: nanoseconds of the machine's monotonic clock, which all processes share. */
const STAMP_DIGITS = 18;
const FILLER = 'and this is what somebody says in a chat, as long as such things are';
const EMOJI = ['❤️', '👍', '🔥', '👏', '😂'];

let clients: { readonly socket: ChatSocket; readonly streamId: string }[] = [];
let deliveries = 0;
let reactionEvents = 0;
let lost = 0;
let deliveryMs = new Histogram();

function stamp(): string {
  return `t=${process.hrtime.bigint().toString().padStart(STAMP_DIGITS, '0')}`;
}

function sinceMs(bytes: Buffer, at: number): number {
  return Number(process.hrtime.bigint() - BigInt(bytes.toString('latin1', at, at + STAMP_DIGITS))) / 1e6;
}

/** @param isLookedInto the others only count, or the crowd would need more CPU than the server. */
function listener(isLookedInto: boolean): (bytes: Buffer, from: number, to: number) => void {
  return (bytes, from) => {
    if (bytes.compare(CHAT, 0, CHAT.length, from, from + CHAT.length) === 0) {
      deliveries++;
      if (!isLookedInto) return;
      const at = bytes.indexOf(STAMP, from);
      if (at >= 0) deliveryMs.add(sinceMs(bytes, at + STAMP.length));
    } else if (bytes.compare(REACTION, 0, REACTION.length, from, from + REACTION.length) === 0)
      reactionEvents++;
  };
}

async function join(order: CrowdOrder & { type: 'join' }): Promise<void> {
  for (const { socket } of clients) socket.close();
  clients = [];
  const { port, tokens, streamIds } = order;
  // Not all at once: this is not what is measured.
  for (let at = 0; at < tokens.length; at += 25) {
    const opened = tokens.slice(at, at + 25).map(async (token, index) => {
      const streamId = streamIds[(at + index) % streamIds.length] ?? '';
      const socket = await ChatSocket.open(port, token, listener((at + index) % 10 === 0));
      await new Promise<void>((resolve, reject) =>
        socket.ask('stream:join', { streamId }, (text) =>
          text.includes('"ok":true') ? resolve() : reject(new Error(text)),
        ),
      );
      socket.onLost(() => lost++);
      return { socket, streamId };
    });
    clients.push(...(await Promise.all(opened)));
  }
}

/** Acknowledged, refused, and how long it took. */
class Answers {
  sent = 0;
  acked = 0;
  refused = 0;
  firstRefusal: string | undefined;
  readonly ms = new Histogram();

  ask(event: string, payload: object, client: number, onAnswer: () => void = () => undefined): void {
    const { socket, streamId } = clients[client % clients.length] ?? {};
    if (socket === undefined) return;
    this.sent++;
    const fromMs = performance.now();
    socket.ask(event, { streamId, ...payload }, (text) => {
      if (text.includes('"ok":true')) {
        this.acked++;
        this.ms.add(performance.now() - fromMs);
      } else {
        this.refused++;
        this.firstRefusal ??= text;
      }
      onAnswer();
    });
  }
}

async function run(seconds: number, perSecond: number, one: (index: number) => void): Promise<void> {
  const fromMs = performance.now();
  let done = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedSec = (performance.now() - fromMs) / 1000;
      for (; done < Math.min(elapsedSec, seconds) * perSecond; done++) one(done);
      if (elapsedSec < seconds) return;
      clearInterval(timer);
      resolve();
    }, 4);
  });
}

async function obey(order: CrowdOrder): Promise<CrowdReport | undefined> {
  if (order.type === 'join') {
    await join(order);
    return undefined;
  }
  deliveries = 0;
  reactionEvents = 0;
  deliveryMs = new Histogram();
  const answers = new Answers();
  const before = process.cpuUsage();
  const fromMs = performance.now();
  const say = (index: number, onAnswer?: () => void): void =>
    answers.ask(
      'chat:send',
      { content: `${stamp()} ${FILLER}`, clientId: `${process.pid}-${index}-${stamp()}` },
      index * 7,
      onAnswer,
    );
  if (order.type === 'react') {
    await run(order.seconds, order.perSecond, (index) =>
      answers.ask('reaction:send', { emoji: EMOJI[index % EMOJI.length] }, index),
    );
  } else if (order.atOnce === undefined) await run(order.seconds, order.perSecond, say);
  else {
    let index = 0;
    let isOver = false;
    const next = (): void => {
      if (!isOver) say(index++, next);
    };
    for (let each = 0; each < order.atOnce; each++) next();
    await new Promise((resolve) => setTimeout(resolve, order.seconds * 1000));
    isOver = true;
  }
  const used = process.cpuUsage(before);
  const elapsedMs = performance.now() - fromMs;
  // What is on its way arrives.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { sent, acked, refused, firstRefusal, ms } = answers;
  return {
    ...{ sent, acked, refused, deliveries, lost },
    ...(firstRefusal === undefined ? {} : { firstRefusal }),
    ackP50Ms: ms.percentile(0.5),
    ackP99Ms: ms.percentile(0.99),
    deliveryP50Ms: deliveryMs.percentile(0.5),
    deliveryP99Ms: deliveryMs.percentile(0.99),
    deliveryMaxMs: deliveryMs.percentile(1),
    reactionEventsPerClient: reactionEvents / clients.length,
    cpuPercent: (used.user + used.system) / 10 / elapsedMs,
  };
}

process.on('message', (order: CrowdOrder) => {
  obey(order).then(
    (report) => process.send?.({ report: report ?? null }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
