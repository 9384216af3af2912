import { describe, expect, test } from 'vitest';
import { connectionFigures } from './whep-figures.ts';
import { readWhepStats } from './whep-reading.ts';

/** As Chromium reports a session, cut to what matters. */
const chromium = [
  { id: 'T01', type: 'transport', bytesReceived: 900_000, selectedCandidatePairId: 'CP1' },
  { id: 'CP0', type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
  {
    id: 'CP1',
    type: 'candidate-pair',
    nominated: true,
    currentRoundTripTime: 0.012,
    responsesReceived: 7,
    localCandidateId: 'L1',
  },
  { id: 'L1', type: 'local-candidate', candidateType: 'relay' },
  {
    id: 'IV',
    type: 'inbound-rtp',
    kind: 'video',
    packetsReceived: 990,
    packetsLost: 10,
    bytesReceived: 800_000,
    framesDecoded: 300,
    totalDecodeTime: 0.6,
    totalProcessingDelay: 9,
    jitterBufferDelay: 6,
    jitterBufferEmittedCount: 300,
    estimatedPlayoutTimestamp: 2_208_988_800_000 + 1_790_000_000_000,
  },
  {
    id: 'IA',
    type: 'inbound-rtp',
    kind: 'audio',
    packetsReceived: 500,
    packetsLost: -1,
    bytesReceived: 50_000,
  },
];

describe('readWhepStats', () => {
  test('takes the selected pair and both tracks', () => {
    expect(readWhepStats(chromium, 5_000)).toEqual({
      nowMs: 5_000,
      transportBytes: 900_000,
      iceResponses: 7,
      videoPackets: 990,
      audioPackets: 500,
      mediaBytes: 850_000,
      packetsLost: 10,
      framesDecoded: 300,
      processingSec: 9,
      jitterBufferSec: 6,
      jitterBufferEmitted: 300,
      decodeSec: 0.6,
      roundTripSec: 0.012,
      playoutEpochMs: 1_790_000_000_000,
      relayed: true,
    });
  });

  test('an empty or foreign report is all zeros, without a date', () => {
    for (const report of [[], [null, 7, { type: 'inbound-rtp' }, { id: 5 }]]) {
      const reading = readWhepStats(report, 1);
      expect(reading.framesDecoded + reading.transportBytes).toBe(0);
      expect(reading.playoutEpochMs).toBeUndefined();
      expect(reading.roundTripSec).toBeUndefined();
    }
  });

  test('loss is a fraction of what was expected', () => {
    expect(connectionFigures(readWhepStats(chromium, 0))).toEqual({
      roundTripMs: 12,
      lossFraction: 10 / 1_500,
      relayed: true,
    });
  });
});
