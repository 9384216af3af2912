import { describe, expect, test } from 'vitest';
import { ReceptionStatistics } from './reception-statistics.ts';

describe('ReceptionStatistics (RFC 3550 A.3)', () => {
  function received(statistics: ReceptionStatistics, sequences: readonly number[]): void {
    for (const sequence of sequences)
      statistics.received({ sequence, timestamp: sequence * 3000 }, sequence * 33);
  }

  test('nothing came yet', () => {
    expect(new ReceptionStatistics({ ssrc: 9, clockRate: 90_000 }).report(0)).toEqual({
      ssrc: 9,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence: 0,
      jitter: 0,
      lastSenderReport: 0,
      delaySinceLastSenderReport: 0,
    });
  });

  test('the fraction is of the packets since the report before, the sum of all', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    received(statistics, [10, 11, 13, 14]);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 51, cumulativeLost: 1, highestSequence: 14 });
    received(statistics, [15, 16]);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
    received(statistics, [20]);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 192, cumulativeLost: 4 });
  });

  test('duplicates make the sum fall, even below zero', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    received(statistics, [10, 10, 11]);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -1 });
  });

  test('all lost but one of many is 255/256', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    received(statistics, [0]);
    statistics.report(0);
    received(statistics, [2999]);
    expect(statistics.report(0).fractionLost).toBe(255);
  });

  test('cycles are counted, and late packets of the cycle before are not the highest', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    received(statistics, [65_534, 0, 65_535, 1]);
    expect(statistics.report(0)).toMatchObject({ highestSequence: 0x1_0001, cumulativeLost: 0 });
  });

  test('a far jump starts anew', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    received(statistics, [1, 2, 30_000, 30_001]);
    expect(statistics.report(0)).toMatchObject({ highestSequence: 30_001, cumulativeLost: 0 });
  });

  test('LSR and DLSR lead the sender to the round trip (§6.4.1, figure 2)', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    statistics.senderReport({ ntp: { seconds: 0xb44db705, fraction: 0x20000000 } }, 1000);
    expect(statistics.report(6250)).toMatchObject({
      lastSenderReport: 0xb7052000,
      delaySinceLastSenderReport: 0x54000,
    });
  });
});

describe('interarrival jitter (RFC 3550 A.8)', () => {
  test('is nothing for packets that come as they were sent', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 48_000 });
    for (let i = 0; i < 100; i++) statistics.received({ sequence: i, timestamp: i * 960 }, 500 + i * 20);
    expect(statistics.jitterMs).toBe(0);
  });

  test('approaches the mean difference: ±5 ms in turn is 10 ms', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 48_000 });
    for (let i = 0; i < 200; i++) {
      statistics.received({ sequence: i, timestamp: i * 960 }, i * 20 + (i % 2) * 10);
    }
    expect(statistics.jitterMs).toBeCloseTo(10, 3);
    expect(statistics.report(0).jitter).toBe(479);
  });

  test('one packet 16 ms late adds a sixteenth', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    statistics.received({ sequence: 0, timestamp: 2 ** 32 - 90 }, 0);
    statistics.received({ sequence: 1, timestamp: 0 }, 17);
    expect(statistics.jitterMs).toBeCloseTo(1, 9);
  });

  test('timestamps that start anew are no jitter', () => {
    const statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });
    statistics.received({ sequence: 0, timestamp: 0 }, 0);
    statistics.received({ sequence: 1, timestamp: 2_000_000_000 }, 10);
    expect(statistics.jitterMs).toBe(0);
  });
});
