import { describe, expect, test } from 'vitest';
import { initName, parseMediaName, partName, segmentName } from './media-name.ts';

describe('media names', () => {
  test('are read back as they were written', () => {
    expect(parseMediaName(initName('abc', 3))).toEqual({ type: 'init', run: 'abc', index: 3 });
    expect(parseMediaName(segmentName('abc', 17))).toEqual({ type: 'segment', run: 'abc', msn: 17 });
    expect(parseMediaName(partName('abc', 17, 0))).toEqual({ type: 'part', run: 'abc', msn: 17, part: 0 });
  });

  test.each([
    '',
    'x',
    'abc.m4s',
    'abc.01.m4s',
    'abc.-1.m4s',
    'abc.1e3.m4s',
    'abc.1.2.3.m4s',
    'abc.init-x.mp4',
    'abc.1.mp4',
    'a'.repeat(81),
  ])('of another shape are none of ours: %j', (name) => {
    expect(parseMediaName(name)).toBeUndefined();
  });
});
