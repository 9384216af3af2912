import { joinOpusPackets } from '@tallylight/media/codecs/opus/join-packets.ts';
import { PACKET_PAYLOAD } from './packet-payload.ts';

/** A packet of sound. */
export interface OpusUnit {
  readonly ptsMs: number;
  /** How long it is, in samples at 48 kHz. */
  readonly samples: number;
  readonly payload: Uint8Array;
}

const SAMPLES_PER_MS = 48;
/** More than the jitter of times in milliseconds, less than a packet that is missing. */
const GAP_MS = 5;
/** What is joined lasts no longer: a packet waits for as long as its successor takes. */
const MAX_SAMPLES = 40 * SAMPLES_PER_MS;

/** Joins packets of sound in pairs, which halves their number and has the first of each pair wait for the second. */
export class OpusJoiner {
  #held: OpusUnit | undefined;

  /** What to send now that a packet came: nothing, the pair, or each alone where they make no pair or are not to be joined. */
  take(unit: OpusUnit, isJoining: boolean): readonly OpusUnit[] {
    const held = this.#held;
    this.#held = undefined;
    const pair = held && joined(held, unit);
    if (pair !== undefined) return [pair];
    const before = held === undefined ? [] : [held];
    if (!isJoining || 2 * unit.samples > MAX_SAMPLES) return [...before, unit];
    this.#held = unit;
    return before;
  }
}

function joined(first: OpusUnit, second: OpusUnit): OpusUnit | undefined {
  const gapMs = second.ptsMs - first.ptsMs - first.samples / SAMPLES_PER_MS;
  if (Math.abs(gapMs) > GAP_MS) return undefined;
  const payload = joinOpusPackets(first.payload, second.payload);
  if (payload === undefined || payload.length > PACKET_PAYLOAD.base) return undefined;
  return { ptsMs: first.ptsMs, samples: first.samples + second.samples, payload };
}
