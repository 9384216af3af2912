import { expect, test } from 'vitest';
import { fromLocalTime, splitTags, toLocalTime } from './stream-words.ts';

test('a moment comes back from a field of local time as it was, to the minute', () => {
  for (const time of ['2026-11-22T18:30:00.000Z', '2027-06-01T00:05:00.000Z'])
    expect(fromLocalTime(toLocalTime(new Date(time)))).toBe(time);
  expect(fromLocalTime('')).toBeNull();
});

test.each([
  ['music, live coding', ['music', 'live coding']],
  [' a,, A ,b,', ['a', 'b']],
  ['', []],
])('"%s" are the tags %j', (text, tags) => {
  expect(splitTags(text)).toEqual(tags);
});
