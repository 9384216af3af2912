import { noExtensions } from '../header-extensions.ts';
import { JitterBuffer, type JitterBufferOptions } from '../jitter-buffer.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { seededRandom } from './seeded-random.ts';

/** A path between a sender and a jitter buffer, and what is sent. */
export interface LossyPath {
  readonly seed: number;
  readonly packets: number;
  readonly packetsPerSecond: number;
  /** Fraction of packets that do not come through, both ways. */
  readonly loss: number;
  readonly rttMs: number;
  /** Largest extra delay of a packet. */
  readonly jitterMs?: number;
  /** Fraction of packets that come twice. */
  readonly duplicates?: number;
  readonly options?: JitterBufferOptions;
  /** Whether retransmissions have a stream of their own. Default true. */
  readonly rtx?: boolean;
  /** Whether the buffer is told the round trip. */
  readonly tellRtt?: boolean;
}

/** What came out. */
export interface LossyPathResult {
  /** Sequence numbers given out, unwrapped by counting. */
  readonly given: readonly number[];
  readonly lost: number;
  readonly nacked: number;
  /** Longest time between sending and giving out. */
  readonly maxDelayMs: number;
}

/** Milliseconds between the receiver's timers. */
const TICK_MS = 10;
const FIRST_SEQUENCE = 65_000;

/** Sends packets over the path in simulated time; the sender answers each NACK of a packet once per round trip, as libwebrtc does. */
export function simulateLoss(path: LossyPath): LossyPathResult {
  const random = seededRandom(path.seed);
  const buffer = new JitterBuffer(path.options);
  const delayMs = (): number => path.rttMs / 2 + random() * (path.jitterMs ?? 0);
  const arrivals: { readonly atMs: number; readonly index: number; readonly resent: boolean }[] = [];
  const requests: { readonly atMs: number; readonly index: number }[] = [];
  const answeredMs = new Map<number, number>();
  const given: number[] = [];
  let lost = 0;
  let nacked = 0;
  let maxDelayMs = 0;
  let next = 0;
  const sentMs = (index: number): number => (index * 1000) / path.packetsPerSecond;
  const send = (index: number, atMs: number, again = false): void => {
    const resent = again && path.rtx !== false;
    if (random() >= path.loss) arrivals.push({ atMs: atMs + delayMs(), index, resent });
    if (random() < (path.duplicates ?? 0)) arrivals.push({ atMs: atMs + delayMs(), index, resent });
  };
  const drain = (nowMs: number): void => {
    for (let event = buffer.take(nowMs); event !== undefined; event = buffer.take(nowMs)) {
      if (event.type === 'gap') {
        lost += event.sequences;
        continue;
      }
      given.push(event.packet.timestamp);
      maxDelayMs = Math.max(maxDelayMs, nowMs - sentMs(event.packet.timestamp));
    }
  };
  const endMs = sentMs(path.packets) + 2000;
  for (let nowMs = 0; nowMs < endMs; nowMs++) {
    for (; next < path.packets && sentMs(next) <= nowMs; next++) send(next, sentMs(next));
    for (const { index } of due(requests, nowMs)) {
      if (nowMs - (answeredMs.get(index) ?? -1e9) < path.rttMs) continue;
      answeredMs.set(index, nowMs);
      send(index, nowMs, true);
    }
    for (const { index, resent } of due(arrivals, nowMs)) {
      buffer.push(packetOf(index), nowMs, resent);
      drain(nowMs);
    }
    if (nowMs % TICK_MS !== 0) continue;
    const sequences = buffer.nacks(nowMs, path.tellRtt === true ? path.rttMs : undefined);
    nacked += sequences.length;
    if (sequences.length > 0 && random() >= path.loss) {
      const atMs = nowMs + delayMs();
      for (const sequence of sequences) requests.push({ atMs, index: indexOf(sequence, next) });
    }
    drain(nowMs);
  }
  return { given, lost, nacked, maxDelayMs };
}

/** A packet whose timestamp is its index. */
export function packetOf(index: number, ssrc = 1): RtpPacket {
  return {
    payloadType: 96,
    marker: false,
    sequence: (FIRST_SEQUENCE + index) & 0xffff,
    timestamp: index,
    ssrc,
    extensions: noExtensions(),
    payload: new Uint8Array(1),
  };
}

function indexOf(sequence: number, next: number): number {
  const newest = FIRST_SEQUENCE + next;
  return newest - ((newest - sequence) & 0xffff) - FIRST_SEQUENCE;
}

/** Takes out what is due, in order of time. */
function due<T extends { readonly atMs: number }>(queue: T[], nowMs: number): T[] {
  if (!queue.some(({ atMs }) => atMs <= nowMs)) return [];
  const ready = queue.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
  const rest = queue.filter(({ atMs }) => atMs > nowMs);
  queue.splice(0, queue.length, ...rest);
  return ready;
}
