import { expect, test } from 'vitest';
import { MAX_PROBE_BYTES, MAX_PROBE_MESSAGE_BYTES, MAX_PROBE_MESSAGES, ProbeBound } from './probe-bound.ts';

test('the last message of the limit is borne, the one after it is not', () => {
  const bound = new ProbeBound();
  const borne = Array.from({ length: MAX_PROBE_MESSAGES + 1 }, () => bound.bears(1));
  expect(borne.indexOf(false)).toBe(MAX_PROBE_MESSAGES);
});

test('an empty message counts', () => {
  const bound = new ProbeBound();
  const borne = Array.from({ length: MAX_PROBE_MESSAGES + 1 }, () => bound.bears(0));
  expect(borne.indexOf(false)).toBe(MAX_PROBE_MESSAGES);
});

test('the last byte of the limit is borne, the one after it is not', () => {
  const bound = new ProbeBound();
  const most = MAX_PROBE_BYTES / MAX_PROBE_MESSAGE_BYTES;
  const borne = Array.from({ length: most }, () => bound.bears(MAX_PROBE_MESSAGE_BYTES));
  expect(borne).not.toContain(false);
  expect([bound.bears(0), bound.bears(1)]).toEqual([true, false]);
});

test('the longest message is borne, a longer one is not', () => {
  expect(new ProbeBound().bears(MAX_PROBE_MESSAGE_BYTES)).toBe(true);
  expect(new ProbeBound().bears(MAX_PROBE_MESSAGE_BYTES + 1)).toBe(false);
});
