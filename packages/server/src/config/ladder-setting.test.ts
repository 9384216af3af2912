import { describe, expect, test } from 'vitest';
import { ladder } from './ladder-setting.ts';

const setting = ladder({ env: 'LADDER', description: 'renditions', default: [] });

describe('LADDER', () => {
  test('is read largest first, whatever the order', () => {
    expect(setting.parse('480p:800k, 720p:2M')).toEqual([
      { shortSide: 720, bitrateBps: 2_000_000 },
      { shortSide: 480, bitrateBps: 800_000 },
    ]);
  });

  test('off means the source alone', () => {
    expect(setting.parse('off')).toEqual([]);
    expect(setting.show([])).toBe('off');
  });

  test.each(['720', '720p', '720p:0k', '721p:800k', '99999p:800k', '720p:800', '720p:999999M', '', ','])(
    '%j is refused',
    (text) => {
      expect(() => setting.parse(text)).toThrow('must be off or a list like 720p:1500k,480p:800k');
    },
  );

  test('a size twice, or more than eight, are refused', () => {
    expect(() => setting.parse('720p:1M,720p:2M')).toThrow('720p stands there twice');
    expect(() =>
      setting.parse(Array.from({ length: 9 }, (_, index) => `${200 + 2 * index}p:1M`).join(',')),
    ).toThrow('at most 8');
  });
});
