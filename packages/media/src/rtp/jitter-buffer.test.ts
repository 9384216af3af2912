import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JitterBuffer } from './jitter-buffer.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { packetOf, simulateLoss } from './testing/simulate-loss.ts';

/** Everything due: timestamps of packets, and gaps as negative counts. */
function drain(buffer: JitterBuffer, nowMs: number): number[] {
  const events: number[] = [];
  for (let event = buffer.take(nowMs); event !== undefined; event = buffer.take(nowMs)) {
    events.push(event.type === 'gap' ? -event.sequences : event.packet.timestamp);
  }
  return events;
}

function numbered(sequence: number, ssrc = 1): RtpPacket {
  return { ...packetOf(0, ssrc), sequence, timestamp: sequence };
}

describe('JitterBuffer: order', () => {
  test('packets in order go through at once', () => {
    const buffer = new JitterBuffer();
    for (let i = 0; i < 3000; i++) {
      buffer.push(packetOf(i), i);
      expect(drain(buffer, i)).toEqual([i]);
    }
  });

  test('a packet that overtook another waits for it', () => {
    const buffer = new JitterBuffer();
    const seen: number[] = [];
    for (const index of [0, 2, 3, 1, 4]) {
      buffer.push(packetOf(index), index);
      seen.push(...drain(buffer, index));
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  test('duplicates come out once, whether they waited or were given out', () => {
    const buffer = new JitterBuffer();
    const seen: number[] = [];
    for (const index of [0, 0, 2, 2, 1, 1, 2, 0, 3]) {
      buffer.push(packetOf(index), 0);
      seen.push(...drain(buffer, 0));
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('any order within a window of 40 packets is put right, across the wraparound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 700, maxLength: 1200 }), (delays) => {
        const order = delays.map((delay, index) => ({ index, at: index === 0 ? 0 : index + delay }));
        order.sort((a, b) => a.at - b.at || a.index - b.index);
        const buffer = new JitterBuffer();
        const seen: number[] = [];
        for (const { index, at } of order) {
          buffer.push(packetOf(index), at);
          seen.push(...drain(buffer, at));
        }
        expect(seen).toEqual(delays.map((_, index) => index));
      }),
      { numRuns: 50 },
    );
  });
});

describe('JitterBuffer: missing packets', () => {
  test('are asked for a little after they were noticed, and again after a round trip', () => {
    const buffer = new JitterBuffer({ reorderMs: 5 });
    buffer.push(numbered(65_534), 0);
    buffer.push(numbered(1), 0);
    expect(buffer.nacks(4, 50)).toEqual([]);
    expect(buffer.nacks(5, 50)).toEqual([65_535, 0]);
    expect(buffer.nacks(6, 50)).toEqual([]);
    expect(buffer.nacks(55, 50)).toEqual([]);
    buffer.push(numbered(65_535), 60);
    expect(buffer.nacks(80, 50)).toEqual([0]);
    expect(drain(buffer, 80)).toEqual([65_534, 65_535]);
  });

  test('a packet that only was late is not asked for', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    buffer.push(packetOf(1), 3);
    expect(buffer.nacks(20, 50)).toEqual([]);
  });

  test('are given up after 400 ms at a long round trip, together', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(3), 0);
    buffer.nacks(0, 200);
    expect(drain(buffer, 399)).toEqual([0]);
    expect(drain(buffer, 400)).toEqual([-2, 3]);
    buffer.push(packetOf(1), 401);
    buffer.push(packetOf(4), 402);
    expect(drain(buffer, 402)).toEqual([4]);
  });

  test('are given up sooner when the round trip is short: nothing could still come', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    buffer.nacks(0, 2);
    expect(drain(buffer, 90)).toEqual([0]);
    expect(drain(buffer, 110)).toEqual([-1, 2]);
  });

  test('are not asked for, and waited for 60 ms only, where nobody answers', () => {
    const buffer = new JitterBuffer({ nack: false });
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    expect(buffer.nacks(50, 50)).toEqual([]);
    expect(drain(buffer, 59)).toEqual([0]);
    expect(drain(buffer, 60)).toEqual([-1, 2]);
  });

  test('those noticed later are waited for longer', () => {
    const buffer = new JitterBuffer({ maxWaitMs: 100 });
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    buffer.push(packetOf(4), 50);
    expect(drain(buffer, 100)).toEqual([0, -1, 2]);
    expect(drain(buffer, 149)).toEqual([]);
    expect(drain(buffer, 150)).toEqual([-1, 4]);
  });

  test('answers tell the round trip when the caller does not know it', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    expect(buffer.rttMs).toBeUndefined();
    buffer.nacks(10);
    buffer.push(packetOf(1), 64);
    expect(buffer.rttMs).toBe(54);
  });

  test('what came late by itself does not count as an answer, and makes the buffer ask later', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(2), 0);
    expect(buffer.nacks(10, 50)).toHaveLength(1);
    buffer.push(packetOf(1), 22);
    buffer.push(packetOf(4), 100);
    expect(buffer.nacks(120, 50)).toEqual([]);
    expect(buffer.nacks(122, 50)).toHaveLength(1);
  });

  test('with a retransmission stream, only that answers', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(4), 0);
    buffer.nacks(10);
    buffer.push(packetOf(1), 90, true);
    expect(buffer.rttMs).toBe(80);
    buffer.push(packetOf(2), 190);
    expect(buffer.rttMs).toBe(80);
    expect(buffer.missing).toBe(1);
  });

  test('one call of nacks names at most 256', () => {
    const buffer = new JitterBuffer();
    buffer.push(packetOf(0), 0);
    buffer.push(packetOf(900), 0);
    expect(buffer.nacks(10, 50)).toHaveLength(256);
    expect(buffer.nacks(10, 50)).toHaveLength(256);
  });
});

describe('JitterBuffer: a path with 2 % loss and 50 ms', () => {
  const path = { packets: 60 * 300, packetsPerSecond: 300, loss: 0.02, rttMs: 50 };

  test.each([1, 2, 3, 4, 5])('loses nothing in a minute (seed %i)', (seed) => {
    const { given, lost, maxDelayMs } = simulateLoss({ ...path, seed });
    expect(lost).toBe(0);
    expect(given).toEqual(Array.from({ length: path.packets }, (_, index) => index));
    expect(maxDelayMs).toBeLessThanOrEqual(25 + 400);
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])(
    'loses nothing with 20 ms of jitter, which reorders, and with duplicates (RTX %s, RTT told %s)',
    (rtx, tellRtt) => {
      const { given, lost, nacked } = simulateLoss({
        ...path,
        ...{ seed: 6, jitterMs: 20, duplicates: 0.01, rtx, tellRtt },
      });
      expect(lost).toBe(0);
      expect(given).toHaveLength(path.packets);
      // Once it is known that packets come late, few of those are asked for.
      expect(nacked).toBeLessThan(path.packets * 0.02 * 3);
    },
  );

  test('asks for little more than was lost', () => {
    const { nacked } = simulateLoss({ ...path, seed: 7 });
    expect(nacked).toBeLessThan(path.packets * 0.02 * 1.3);
  });

  test('5 % and 150 ms lose less than one packet in a thousand', () => {
    const { given, lost } = simulateLoss({ ...path, seed: 8, loss: 0.05, rttMs: 150 });
    expect(lost).toBeLessThan(path.packets / 1000);
    expect(given.length + lost).toBe(path.packets);
  });

  test('whatever is lost: each packet comes out once and in order, or is counted as lost', () => {
    for (let seed = 20; seed < 26; seed++) {
      const { given, lost } = simulateLoss({
        seed,
        packets: 3000,
        packetsPerSecond: 500,
        loss: 0.3,
        rttMs: 80,
        jitterMs: 60,
        duplicates: 0.1,
      });
      const [first = 0] = given;
      const last = given.at(-1) ?? 0;
      expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
      expect(given.length + lost).toBe(last - first + 1);
    }
  });
});

describe('JitterBuffer: another numbering', () => {
  test('another SSRC starts anew, with a gap before it', () => {
    const buffer = new JitterBuffer();
    buffer.push(numbered(10, 1), 0);
    buffer.push(numbered(12, 1), 0);
    expect(drain(buffer, 0)).toEqual([10]);
    buffer.push(numbered(40_000, 2), 1);
    buffer.push(numbered(40_001, 2), 1);
    expect(drain(buffer, 1)).toEqual([-1, 40_000, 40_001]);
  });

  test('one stray number is dropped, two in a row are an outage', () => {
    const buffer = new JitterBuffer();
    buffer.push(numbered(10), 0);
    buffer.push(numbered(5010), 1);
    buffer.push(numbered(11), 2);
    expect(drain(buffer, 2)).toEqual([10, 11]);
    buffer.push(numbered(5011), 3);
    buffer.push(numbered(5012), 4);
    expect(drain(buffer, 4)).toEqual([-4999, 5011, 5012]);
  });

  test('old packets that a sender probes with do not turn it back; a numbering that stays there does', () => {
    const buffer = new JitterBuffer();
    buffer.push(numbered(9000), 0);
    buffer.push(numbered(2000), 10);
    buffer.push(numbered(2001), 11);
    buffer.push(numbered(9001), 12);
    expect(drain(buffer, 12)).toEqual([9000, 9001]);
    for (let i = 0; i < 100; i++) buffer.push(numbered(2002 + i), 20 + i * 10);
    const events = drain(buffer, 1100);
    expect(events[0]).toBe(-1);
    expect(events.at(-1)).toBe(2101);
  });

  test('never holds more than its slots', () => {
    const buffer = new JitterBuffer();
    buffer.push(numbered(0), 0);
    for (let sequence = 2; sequence < 60_000; sequence++) buffer.push(numbered(sequence), 0);
    const events = drain(buffer, 0);
    expect(events.length).toBeLessThanOrEqual(2049);
    expect(events[0]).toBeLessThan(0);
    expect(events.at(-1)).toBe(59_999);
  });
});
