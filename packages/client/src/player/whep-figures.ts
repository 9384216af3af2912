import type { ConnectionFigures } from './player-state.ts';
import type { WhepReading } from './whep-reading.ts';

/** The figures that the state shows of a connection. */
export function connectionFigures(reading: WhepReading | undefined): ConnectionFigures | undefined {
  if (reading === undefined) {
    return undefined;
  }
  const expected = reading.videoPackets + reading.audioPackets + reading.packetsLost;
  return {
    roundTripMs: reading.roundTripSec === undefined ? undefined : reading.roundTripSec * 1000,
    lossFraction: expected === 0 ? 0 : reading.packetsLost / expected,
    relayed: reading.relayed,
  };
}
