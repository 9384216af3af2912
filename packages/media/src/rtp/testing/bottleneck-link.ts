import type { PacketResult } from '../sent-history.ts';
import { SentHistory } from '../sent-history.ts';

/** A link with a queue in front of its narrowest place. */
export interface LinkOptions {
  /** Bits a second, by time in milliseconds. */
  readonly rateBps: (nowMs: number) => number;
  /** What the queue holds, in milliseconds at the present rate; what comes beyond is dropped. */
  readonly queueMs: number;
  /** One way, in milliseconds. */
  readonly delayMs: number;
  /** Added at random to the delay, in milliseconds, without changing the order. */
  readonly jitterMs?: number;
  /** Share of packets lost at random. */
  readonly loss?: number;
}

/** What is sent each moment, and who hears of what became of it. */
export interface SimulatedSender {
  /** Bits a second of the pictures from the next keyframe on. */
  readonly bitrateBps: number;
  onFeedback(results: readonly PacketResult[], nowMs: number): void;
}

const FRAMES_PER_SECOND = 30;
const FRAMES_PER_GOP = 60;
/** A keyframe is so many times as large as another picture. */
const KEYFRAME_WEIGHT = 6;
const PACKET_BYTES = 1200;
const FEEDBACK_EVERY_MS = 50;
/** The receiver's clock is not ours. */
const CLOCK_OFFSET_MS = 77_000_123.25;

/**
 * Sends pictures at 30 a second with a keyframe every 2 s over the link for `durationMs`, and gives transport-wide feedback every 50 ms.
 * `random` gives 0…1; the same numbers make the same run.
 */
export function simulate(
  link: LinkOptions,
  sender: SimulatedSender,
  durationMs: number,
  random: () => number,
): void {
  const history = new SentHistory();
  /** By transport-wide number; undefined when lost. */
  const onTheWay: {
    readonly sequence: number;
    readonly arrivalMs: number | undefined;
    readonly sentMs: number;
  }[] = [];
  let freeAtMs = 0;
  let lastArrivalMs = 0;
  let bitrateBps = sender.bitrateBps;
  let frame = 0;

  for (let nowMs = 0; nowMs < durationMs; nowMs++) {
    if (nowMs >= (frame * 1000) / FRAMES_PER_SECOND) sendPicture(nowMs);
    if (nowMs % FEEDBACK_EVERY_MS === 0) feedBack(nowMs);
  }

  function sendPicture(nowMs: number): void {
    const inGop = frame++ % FRAMES_PER_GOP;
    if (inGop === 0) bitrateBps = sender.bitrateBps;
    const gopBytes = (bitrateBps / 8) * (FRAMES_PER_GOP / FRAMES_PER_SECOND);
    const unit = gopBytes / (FRAMES_PER_GOP - 1 + KEYFRAME_WEIGHT);
    const count = Math.max(1, Math.round((inGop === 0 ? KEYFRAME_WEIGHT * unit : unit) / PACKET_BYTES));
    for (let i = 0; i < count; i++) {
      const sequence = history.sent(PACKET_BYTES, nowMs);
      onTheWay.push({ sequence, sentMs: nowMs, arrivalMs: pass(nowMs) });
    }
  }

  function pass(nowMs: number): number | undefined {
    if (random() < (link.loss ?? 0)) return undefined;
    const waitMs = Math.max(0, freeAtMs - nowMs);
    if (waitMs > link.queueMs) return undefined;
    freeAtMs = nowMs + waitMs + (PACKET_BYTES * 8000) / link.rateBps(nowMs);
    lastArrivalMs = Math.max(lastArrivalMs, freeAtMs + link.delayMs + random() * (link.jitterMs ?? 0));
    return lastArrivalMs;
  }

  /** What had come one way ago: feedback has its own way back. */
  function feedBack(nowMs: number): void {
    const atMs = nowMs - link.delayMs;
    const newest = onTheWay.findLastIndex(({ arrivalMs }) => arrivalMs !== undefined && arrivalMs <= atMs);
    if (newest < 0) return;
    const told = onTheWay.splice(0, newest + 1);
    const results = history.resolve({
      baseSequence: told[0]?.sequence ?? 0,
      arrivalsMs: told.map(({ arrivalMs }) =>
        arrivalMs === undefined ? undefined : Math.round((arrivalMs + CLOCK_OFFSET_MS) * 4) / 4,
      ),
    });
    sender.onFeedback(results, nowMs);
  }
}

/** Numbers 0…1 that repeat for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}
