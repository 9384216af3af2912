import { expect, test } from 'vitest';
import { TurnedClock } from '../channels/testing/audience-fixture.ts';
import { RateGate } from './rate-gate.ts';

test('as many as allowed pass within any window, one more has to wait for the oldest', () => {
  const clock = new TurnedClock();
  const gate = new RateGate({ clock, max: 3, windowMs: 1000 });
  expect([gate.take('a'), gate.take('a')]).toEqual([0, 0]);
  clock.advance(400);
  expect(gate.take('a')).toBe(0);
  expect(gate.take('a')).toBe(600);
  expect(gate.take('b')).toBe(0);
  clock.advance(599);
  expect(gate.take('a')).toBe(1);
  clock.advance(1);
  expect([gate.take('a'), gate.take('a')]).toEqual([0, 0]);
  expect(gate.take('a')).toBe(400);
});

test('remembers no more callers than it may, and forgets who was not seen lately first', () => {
  const clock = new TurnedClock();
  const gate = new RateGate({ clock, max: 1, windowMs: 1000, keys: 10 });
  for (let i = 0; i < 9; i++) gate.take(`old ${i}`);
  clock.advance(1000);
  gate.take('recent');
  gate.take('new');
  expect(gate.take('recent')).toBeGreaterThan(0);
  for (let i = 0; i < 1000; i++) expect(gate.take(`one-off ${i}`)).toBe(0);
});
