import { opusPacketSamples } from './packet-duration.ts';

/** 120 ms at 48 kHz, the most a packet holds (RFC 6716 §3.2.5, R5). */
const MAX_SAMPLES = 5760;
/** Below that a frame's length takes one byte, RFC 6716 §3.2.1. */
const ONE_BYTE_LENGTHS = 252;

/**
 * Two packets of one frame each as one packet of both: code 1 when they are of one size, else code 2 (RFC 6716 §3.2.3 and §3.2.4).
 * Undefined when they cannot be joined: another coding mode or number of channels, several frames in one of them, more than 120 ms.
 */
export function joinOpusPackets(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const toc = first[0];
  if (toc === undefined || toc !== second[0] || (toc & 3) !== 0) return undefined;
  if (2 * (opusPacketSamples(first) ?? MAX_SAMPLES) > MAX_SAMPLES) return undefined;
  const isOneSize = first.length === second.length;
  const length = isOneSize ? [] : frameLength(first.length - 1);
  const joined = new Uint8Array(1 + length.length + first.length - 1 + second.length - 1);
  joined[0] = toc | (isOneSize ? 1 : 2);
  joined.set(length, 1);
  joined.set(first.subarray(1), 1 + length.length);
  joined.set(second.subarray(1), length.length + first.length);
  return joined;
}

/** RFC 6716 §3.2.1: up to 251 as it is, then 252…255 + four times the next byte. */
function frameLength(bytes: number): readonly number[] {
  if (bytes < ONE_BYTE_LENGTHS) return [bytes];
  const low = ONE_BYTE_LENGTHS + (bytes & 3);
  return [low, (bytes - low) >> 2];
}
