import type { RtpPacket } from './rtp-packet.ts';
import { nearest } from './sequence.ts';

/** What comes next in the order of sequence numbers. */
export type JitterEvent =
  | { readonly type: 'packet'; readonly packet: RtpPacket }
  /** Packets that are given up; at least one. After a change of SSRC or of numbering, nobody knows how many: 1. */
  | { readonly type: 'gap'; readonly sequences: number };

/** How long a `JitterBuffer` waits, and for what. */
export interface JitterBufferOptions {
  /** Whether missing packets can be asked for; otherwise only reordering is waited out. Default true. */
  readonly nack?: boolean;
  /** Longest wait for a missing packet, in milliseconds. Default 400. */
  readonly maxWaitMs?: number;
  /** How late a packet may come by itself before it is asked for, in milliseconds. Default 5. */
  readonly reorderMs?: number;
  /** Wait for reordered packets where none can be asked for, in milliseconds. Default 60. */
  readonly reorderWaitMs?: number;
}

/** A packet that is waited for. */
interface Missing {
  readonly sinceMs: number;
  firstAskedMs: number;
  askedMs: number;
  rounds: number;
}

/** Slots, a power of two: at 1,200 bytes a packet, a whole second at 20 Mbit/s. */
const CAPACITY = 2048;
/** A step further than this is another numbering, or an outage that no retransmission repairs. */
const MAX_STEP = 1000;
/** NACK rounds before a packet is given up; each is lost with about twice the path's loss. */
const MAX_ROUNDS = 8;
/** Above the round trip by so much, because senders answer a packet once per round trip and pace their answers. */
const ROUND_MARGIN = 1.25;
const ROUND_EXTRA_MS = 10;
/** A numbering that steps back is believed only after so long without a packet of the old one: senders probe with old packets. */
const STEP_BACK_MS = 500;
/** Until a round trip was measured. */
const ASSUMED_RTT_MS = 100;
/** A request is not answered in less than half of this, unless the caller knows better. */
const SHORT_RTT_MS = 20;
/** Answers of which the middle one tells the round trip: those to second requests are too long, late originals too short. */
const ANSWERS = 9;
/** Longest time that a packet is not asked for because others came late by themselves. */
const MAX_REORDER_MS = 40;
/** How slowly it is forgotten that packets came late, for each packet that was lost indeed or came less late. */
const REORDER_DECAY = 0.95;
/** Packets named by one call of `nacks`: an RTCP packet of at most 1.2 kB. */
const MAX_NACKS = 256;

/**
 * Puts the packets of one stream in order, and says which to ask for again. Holds a packet only while an earlier one is missing.
 * Call `take` after each `push` and on a timer until it gives undefined, and `nacks` on a timer of about 10 ms.
 */
export class JitterBuffer {
  readonly #nack: boolean;
  readonly #maxWaitMs: number;
  readonly #reorderMs: number;
  readonly #reorderWaitMs: number;
  readonly #slots: (RtpPacket | undefined)[] = Array.from({ length: CAPACITY }, () => undefined);
  /** In rising order of their numbers, because that is how they are noticed. */
  readonly #missing = new Map<number, Missing>();
  #ssrc: number | undefined;
  /** The number that `take` gives next, and the highest that came; on the line of unwrapped numbers. */
  #next = 0;
  #highest = -1;
  /** Packets given up that `take` has not told yet. */
  #gap = 0;
  /** A packet far from the others: the one after it tells whether the numbering changed. */
  #stray: RtpPacket | undefined;
  /** When a packet of this numbering came last. */
  #lastMs = 0;
  /** The round trip as the caller knows it, and as answers to NACKs show it. */
  #toldRttMs: number | undefined;
  #measuredRttMs: number | undefined;
  #answersMs: number[] = [];
  /** How late packets come by themselves. */
  #lateMs = 0;
  /** Retransmissions come on a stream of their own, so other packets are originals. */
  #hasRtx = false;

  constructor(options: JitterBufferOptions = {}) {
    this.#nack = options.nack ?? true;
    this.#maxWaitMs = options.maxWaitMs ?? 400;
    this.#reorderMs = options.reorderMs ?? 5;
    this.#reorderWaitMs = options.reorderWaitMs ?? 60;
  }

  /**
   * Takes a packet in. `resent` is true for one that a retransmission stream carried (RFC 4588), which tells it from a late one.
   * Duplicates and packets given up already are dropped.
   */
  push(packet: RtpPacket, nowMs: number, resent = false): void {
    if (packet.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.#gap++;
      this.#startAt(packet, nowMs);
      return;
    }
    const number = nearest(packet.sequence, this.#highest, 0x1_0000);
    if (Math.abs(number - this.#highest) > MAX_STEP) {
      this.#followStray(packet, nowMs);
      return;
    }
    this.#stray = undefined;
    this.#lastMs = nowMs;
    if (number < this.#next) return;
    const slot = number & (CAPACITY - 1);
    if (number > this.#highest) {
      if (number - this.#next >= CAPACITY) {
        this.#gap += this.#unseen() + number - this.#highest - 1;
        this.#startAt(packet, nowMs);
        return;
      }
      for (let lost = this.#highest + 1; lost < number; lost++) {
        this.#missing.set(lost, { sinceMs: nowMs, firstAskedMs: 0, askedMs: 0, rounds: 0 });
      }
      this.#highest = number;
    } else {
      const missing = this.#missing.get(number);
      // A duplicate of a packet that waits here.
      if (missing === undefined) return;
      this.#missing.delete(number);
      this.#learn(missing, nowMs, resent);
    }
    this.#slots[slot] = packet;
  }

  /** The next packet, or the news that some will not come; undefined while nothing is due. */
  take(nowMs: number): JitterEvent | undefined {
    if (this.#gap === 0) this.#giveUp(nowMs);
    if (this.#gap > 0) {
      const sequences = this.#gap;
      this.#gap = 0;
      return { type: 'gap', sequences };
    }
    const slot = this.#next & (CAPACITY - 1);
    const packet = this.#slots[slot];
    if (packet === undefined) return undefined;
    this.#slots[slot] = undefined;
    this.#next++;
    return { type: 'packet', packet };
  }

  /**
   * Sequence numbers to put in a NACK now, rising; often none. `rttMs` is the round trip when the caller knows it; otherwise the one that
   * the answers to earlier NACKs showed is used.
   */
  nacks(nowMs: number, rttMs?: number): readonly number[] {
    if (rttMs !== undefined) this.#toldRttMs = rttMs;
    if (!this.#nack || this.#missing.size === 0) return [];
    const roundMs = this.#roundMs();
    const reorderMs = this.#toleranceMs();
    const sequences: number[] = [];
    for (const [number, missing] of this.#missing) {
      const due = missing.rounds === 0 ? missing.sinceMs + reorderMs : missing.askedMs + roundMs;
      if (nowMs < due || missing.rounds >= MAX_ROUNDS) continue;
      if (missing.rounds++ === 0) missing.firstAskedMs = nowMs;
      missing.askedMs = nowMs;
      sequences.push(number & 0xffff);
      if (sequences.length === MAX_NACKS) break;
    }
    return sequences;
  }

  /** Packets that are waited for; while there are none, neither timer is needed. */
  get missing(): number {
    return this.#missing.size;
  }

  /** The round trip in milliseconds, by the caller or by answered NACKs; undefined before either. */
  get rttMs(): number | undefined {
    return this.#toldRttMs ?? this.#measuredRttMs;
  }

  /** Drops what waits; the next packet starts anew. */
  #startAt(packet: RtpPacket, nowMs: number): void {
    this.#slots.fill(undefined);
    this.#missing.clear();
    this.#stray = undefined;
    this.#ssrc = packet.ssrc;
    this.#lastMs = nowMs;
    this.#next = packet.sequence;
    this.#highest = packet.sequence;
    this.#slots[this.#next & (CAPACITY - 1)] = packet;
  }

  /** RFC 3550 A.1: a number far away counts only when the next one follows it. */
  #followStray(packet: RtpPacket, nowMs: number): void {
    const stray = this.#stray;
    if (stray === undefined || packet.sequence !== ((stray.sequence + 1) & 0xffff)) {
      this.#stray = packet;
      return;
    }
    const step = (stray.sequence - this.#highest) & 0xffff;
    if (step >= 0x8000 && nowMs - this.#lastMs < STEP_BACK_MS) {
      this.#stray = packet;
      return;
    }
    // An outage is a gap of known size; a step back is another numbering.
    this.#gap += this.#unseen() + (step < 0x8000 ? step - 1 : 1);
    this.#startAt(stray, nowMs);
    this.#slots[packet.sequence & (CAPACITY - 1)] = packet;
    this.#highest++;
  }

  /** Packets dropped or missing when the buffer starts anew. */
  #unseen(): number {
    return this.#highest - this.#next + 1;
  }

  #giveUp(nowMs: number): void {
    if (this.#missing.size === 0) return;
    const waitMs = this.#waitMs();
    for (;;) {
      const missing = this.#missing.get(this.#next);
      if (missing === undefined || nowMs - missing.sinceMs < waitMs) return;
      this.#missing.delete(this.#next);
      this.#next++;
      this.#gap++;
    }
  }

  #roundMs(): number {
    return (this.rttMs ?? ASSUMED_RTT_MS) * ROUND_MARGIN + ROUND_EXTRA_MS;
  }

  /** Until the answer to the last round would have come. */
  #waitMs(): number {
    if (!this.#nack) return Math.min(this.#maxWaitMs, this.#reorderWaitMs);
    return Math.min(this.#maxWaitMs, this.#toleranceMs() + this.#roundMs() * MAX_ROUNDS);
  }

  /** How long a packet may be late before it is asked for. */
  #toleranceMs(): number {
    return Math.max(this.#reorderMs, this.#lateMs);
  }

  /** Learns from a packet that was missing: it was late, or it was resent and tells the round trip. */
  #learn(missing: Missing, nowMs: number, resent: boolean): void {
    if (resent) this.#hasRtx = true;
    const answeredMs = nowMs - missing.firstAskedMs;
    const cannotBeAnswer = this.#hasRtx ? !resent : answeredMs < (this.#toldRttMs ?? SHORT_RTT_MS) / 2;
    if (missing.rounds === 0 || cannotBeAnswer) {
      const lateMs = Math.min(MAX_REORDER_MS, nowMs - missing.sinceMs);
      this.#lateMs = Math.max(lateMs, this.#lateMs * REORDER_DECAY);
      return;
    }
    this.#lateMs *= REORDER_DECAY;
    // Counted from the first request: from the last one, a round trip that grew would never be noticed.
    this.#answersMs.push(answeredMs);
    if (this.#answersMs.length > ANSWERS) this.#answersMs.shift();
    this.#measuredRttMs = this.#answersMs.toSorted((a, b) => a - b)[this.#answersMs.length >> 1];
  }
}
