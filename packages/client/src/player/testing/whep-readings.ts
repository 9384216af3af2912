import type { WhepReading } from '../whep-reading.ts';

/** A reading of a connection that nothing came on yet, with changes. */
export function whepReading(change: Partial<WhepReading>): WhepReading {
  return {
    nowMs: 0,
    transportBytes: 0,
    iceResponses: 0,
    videoPackets: 0,
    audioPackets: 0,
    mediaBytes: 0,
    packetsLost: 0,
    framesDecoded: 0,
    processingSec: 0,
    jitterBufferSec: 0,
    jitterBufferEmitted: 0,
    decodeSec: 0,
    roundTripSec: undefined,
    playoutEpochMs: undefined,
    relayed: false,
    ...change,
  };
}
