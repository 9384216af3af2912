import { describe, expect, test } from 'vitest';
import { readRtcp } from './rtcp/read-rtcp.ts';
import type { TransportFeedback } from './rtcp/transport-feedback.ts';
import { seededRandom } from './testing/seeded-random.ts';
import { TransportFeedbackRecorder } from './transport-feedback-recorder.ts';

const SSRCS = { senderSsrc: 1, mediaSsrc: 2 };

function take(recorder: TransportFeedbackRecorder): TransportFeedback | undefined {
  const bytes = recorder.take(SSRCS);
  if (bytes === undefined) return undefined;
  expect(bytes.length).toBeLessThan(1200);
  const [packet] = readRtcp(bytes);
  return packet?.type === 'transport-feedback' ? packet : undefined;
}

describe('TransportFeedbackRecorder', () => {
  test('tells nothing when nothing came', () => {
    const recorder = new TransportFeedbackRecorder();
    expect(take(recorder)).toBeUndefined();
    recorder.received(5, 100);
    expect(take(recorder)).toBeDefined();
    expect(take(recorder)).toBeUndefined();
  });

  test('tells what came and what did not, from where it stopped', () => {
    const recorder = new TransportFeedbackRecorder();
    recorder.received(65_534, 100);
    recorder.received(0, 102.25);
    expect(take(recorder)).toMatchObject({
      ...SSRCS,
      baseSequence: 65_534,
      feedbackCount: 0,
      arrivalsMs: [100, undefined, 102.25],
    });
    recorder.received(3, 150);
    expect(take(recorder)).toMatchObject({
      baseSequence: 1,
      feedbackCount: 1,
      arrivalsMs: [undefined, undefined, 150],
    });
  });

  test('a packet that came late corrects what was said', () => {
    const recorder = new TransportFeedbackRecorder();
    for (const sequence of [10, 12, 13]) recorder.received(sequence, sequence);
    take(recorder);
    recorder.received(11, 20);
    expect(take(recorder)).toMatchObject({ baseSequence: 11, arrivalsMs: [20, 12, 13] });
  });

  test('the first arrival of a packet counts', () => {
    const recorder = new TransportFeedbackRecorder();
    recorder.received(1, 10);
    recorder.received(1, 50);
    expect(take(recorder)?.arrivalsMs).toEqual([10]);
  });

  test('what one packet cannot hold follows in the next', () => {
    const recorder = new TransportFeedbackRecorder();
    for (let i = 0; i < 1000; i++) recorder.received(i, i * 300);
    const arrivals: (number | undefined)[] = [];
    for (let feedback = take(recorder); feedback; feedback = take(recorder)) {
      expect(feedback.baseSequence).toBe(arrivals.length);
      arrivals.push(...feedback.arrivalsMs);
    }
    expect(arrivals).toEqual(Array.from({ length: 1000 }, (_, i) => i * 300));
  });

  test('a pause longer than a delta can say starts another packet', () => {
    const recorder = new TransportFeedbackRecorder();
    recorder.received(1, 0);
    recorder.received(2, 60_000);
    expect(take(recorder)).toMatchObject({ baseSequence: 1, arrivalsMs: [0] });
    expect(take(recorder)).toMatchObject({ baseSequence: 2, arrivalsMs: [60_000] });
  });

  test('a far jump leaves out what nobody can use any more', () => {
    const recorder = new TransportFeedbackRecorder();
    recorder.received(1, 0);
    recorder.received(30_001, 10);
    const feedback = take(recorder);
    expect(feedback?.arrivalsMs.at(-1)).toBe(10);
    expect((feedback?.baseSequence ?? 0) + (feedback?.arrivalsMs.length ?? 0)).toBe(30_002);
    expect(take(recorder)).toBeUndefined();
  });

  test('each packet of a lossy, reordered hour is told with its time', () => {
    const random = seededRandom(4);
    const recorder = new TransportFeedbackRecorder();
    const told = new Map<number, number>();
    const came = new Map<number, number>();
    const late: { readonly sequence: number; readonly atMs: number }[] = [];
    for (let sequence = 0; sequence < 200_000; sequence++) {
      const nowMs = sequence * 18;
      const fate = random();
      if (fate < 0.02) late.push({ sequence, atMs: nowMs + 100 });
      else if (fate > 0.04) {
        came.set(sequence, nowMs);
        recorder.received(sequence & 0xffff, nowMs);
      }
      while ((late[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
        const packet = late.shift();
        if (packet === undefined) break;
        came.set(packet.sequence, nowMs);
        recorder.received(packet.sequence & 0xffff, nowMs);
      }
      if (sequence % 3 !== 0) continue;
      for (let feedback = take(recorder); feedback; feedback = take(recorder)) {
        const base = sequence - ((sequence - feedback.baseSequence) & 0xffff);
        for (const [index, arrival] of feedback.arrivalsMs.entries()) {
          if (arrival !== undefined) told.set(base + index, arrival);
        }
      }
    }
    const missing = [...came].filter(([sequence, atMs]) => sequence < 199_990 && told.get(sequence) !== atMs);
    expect(missing).toEqual([]);
    expect(told.size).toBeGreaterThan(190_000);
  });
});
