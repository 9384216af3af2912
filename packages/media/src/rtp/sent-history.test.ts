import { describe, expect, test } from 'vitest';
import { SentHistory } from './sent-history.ts';

describe('SentHistory', () => {
  test('each packet of a feedback is told with its size and its times', () => {
    const history = new SentHistory();
    expect([history.sent(100, 1), history.sent(200, 2), history.sent(300, 3)]).toEqual([0, 1, 2]);
    expect(history.resolve({ baseSequence: 0, arrivalsMs: [50, undefined, 52.25] })).toEqual([
      { sentMs: 1, bytes: 100, arrivalMs: 50 },
      { sentMs: 2, bytes: 200, arrivalMs: undefined },
      { sentMs: 3, bytes: 300, arrivalMs: 52.25 },
    ]);
  });

  test('a packet is reported once', () => {
    const history = new SentHistory();
    history.sent(100, 1);
    history.sent(100, 2);
    expect(history.resolve({ baseSequence: 0, arrivalsMs: [5] })).toHaveLength(1);
    expect(history.resolve({ baseSequence: 0, arrivalsMs: [5, 6] })).toEqual([
      { sentMs: 2, bytes: 100, arrivalMs: 6 },
    ]);
  });

  test('numbers go on beyond 16 bits', () => {
    const history = new SentHistory(64);
    for (let i = 0; i < 65_600; i++) history.sent(1 + (i % 1000), i);
    expect(history.sent(7, 70_000)).toBe(64);
    expect(history.resolve({ baseSequence: 62, arrivalsMs: [1, 2, 3] }).map(({ sentMs }) => sentMs)).toEqual([
      65_598, 65_599, 70_000,
    ]);
  });

  test('what was never sent, and what is forgotten, is left out', () => {
    const history = new SentHistory(64);
    expect(history.resolve({ baseSequence: 9, arrivalsMs: [1, 2] })).toEqual([]);
    for (let i = 0; i < 100; i++) history.sent(10, i);
    expect(history.resolve({ baseSequence: 30, arrivalsMs: [1] })).toEqual([]);
    expect(
      history.resolve({ baseSequence: 98, arrivalsMs: [1, 2, 3, 4] }).map(({ sentMs }) => sentMs),
    ).toEqual([98, 99]);
    expect(history.resolve({ baseSequence: 40_000, arrivalsMs: [1] })).toEqual([]);
  });

  test("the receiver's clock goes on where it wraps", () => {
    const wrapMs = 2 ** 24 * 64;
    const history = new SentHistory();
    history.sent(1, 0);
    history.sent(1, 1);
    const [before] = history.resolve({ baseSequence: 0, arrivalsMs: [wrapMs / 2 - 1] });
    const [after] = history.resolve({ baseSequence: 1, arrivalsMs: [-wrapMs / 2 + 1] });
    expect((after?.arrivalMs ?? 0) - (before?.arrivalMs ?? 0)).toBe(2);
  });

  test.each([0, 1, 100, 65_536])('a capacity of %i is refused', (capacity) => {
    expect(() => new SentHistory(capacity)).toThrow(RangeError);
  });
});
