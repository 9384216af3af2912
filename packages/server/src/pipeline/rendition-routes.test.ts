import { describe, expect, test } from 'vitest';
import type { Rung } from '../transcode/rung.ts';
import { routeRenditions } from './rendition-routes.ts';

function rung(shortSide: number): Rung {
  return { id: `${shortSide}p`, width: shortSide * 2, height: shortSide, bitrateBps: 1, everyNth: 1 };
}

describe('routeRenditions', () => {
  test('each rendition shows its own rung', () => {
    const routes = routeRenditions(['720p', '480p'], [rung(720), rung(480)]);
    expect([...routes]).toEqual([
      ['720p', '720p'],
      ['480p', '480p'],
    ]);
  });

  test('a shed rendition goes on with the next smaller rung, else with the smallest', () => {
    const routes = routeRenditions(['720p', '480p', '360p', '240p'], [rung(480), rung(360)]);
    expect(Object.fromEntries(routes)).toEqual({
      '720p': '480p',
      '480p': '480p',
      '360p': '360p',
      '240p': '360p',
    });
  });

  test('the source shows the largest rung when it is encoded itself', () => {
    expect(routeRenditions(['source'], [rung(1080), rung(720)]).get('source')).toBe('1080p');
  });
});
