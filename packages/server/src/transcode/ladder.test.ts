import { describe, expect, test } from 'vitest';
import { chooseLadder } from './ladder.ts';
import type { Rung } from './rung.ts';

function names(rungs: readonly Rung[]): string[] {
  return rungs.map(
    (rung) => `${rung.id} ${rung.width}x${rung.height} ${rung.bitrateBps / 1000}k ${rung.frames}`,
  );
}

describe('chooseLadder', () => {
  test('1080p30 has three rungs below it', () => {
    expect(names(chooseLadder({ width: 1920, height: 1080, frameRate: 30 }))).toEqual([
      '720p 1280x720 1500k all',
      '480p 854x480 800k all',
      '360p 640x360 400k all',
    ]);
  });

  test('a rung is named after the short side, so portrait keeps its shape', () => {
    expect(names(chooseLadder({ width: 1080, height: 1920, frameRate: 30 }))).toEqual([
      '720p 720x1280 1500k all',
      '480p 480x854 800k all',
      '360p 360x640 400k all',
    ]);
  });

  test('sources above 30 fps are halved, 30.0003 fps is not', () => {
    expect(
      chooseLadder({ width: 1280, height: 720, frameRate: 60 }).every((rung) => rung.frames === 'half'),
    ).toBe(true);
    expect(
      chooseLadder({ width: 1280, height: 720, frameRate: 30.0003 }).every((rung) => rung.frames === 'all'),
    ).toBe(true);
    expect(chooseLadder({ width: 1280, height: 720 }).every((rung) => rung.frames === 'all')).toBe(true);
  });

  test('odd sizes get even sides', () => {
    expect(names(chooseLadder({ width: 1279, height: 719 }))).toEqual([
      '480p 854x480 800k all',
      '360p 640x360 400k all',
    ]);
    expect(names(chooseLadder({ width: 853, height: 481 }))).toEqual(['360p 638x360 400k all']);
    expect(names(chooseLadder({ width: 801, height: 601 }))).toEqual([
      '480p 640x480 800k all',
      '360p 480x360 400k all',
    ]);
  });

  test('no rung is as large as the source, nor nearly', () => {
    expect(names(chooseLadder({ width: 1920, height: 1088 }))[0]).toBe('720p 1270x720 1500k all');
    expect(chooseLadder({ width: 640, height: 360 })).toEqual([]);
    expect(chooseLadder({ width: 426, height: 240 })).toEqual([]);
  });

  test('no rung has more bits than the source', () => {
    expect(names(chooseLadder({ width: 1280, height: 720, bitrateBps: 600_000 }))).toEqual([
      '480p 854x480 600k all',
      '360p 640x360 400k all',
    ]);
  });

  test('a source that must be re-encoded has a rung of its own size', () => {
    const top = (width: number, height: number): string | undefined =>
      names(chooseLadder({ width, height }, { reencodeSource: true }))[0];
    expect(top(1920, 1080)).toBe('1080p 1920x1080 3000k all');
    expect(top(1280, 720)).toBe('720p 1280x720 1500k all');
    expect(top(3840, 2160)).toBe('1080p 1920x1080 3000k all');
    // Between 480p and 720p by area: 800k + 0.45 × 700k.
    expect(top(800, 600)).toBe('600p 800x600 1115k all');
    expect(top(426, 240)).toBe('240p 426x240 177.778k all');
  });

  test('no rung is above the preset, and a larger source has one of its size', () => {
    const of = (height: number, maxShortSide: number, steps?: []): string[] =>
      chooseLadder({ width: (height * 16) / 9, height }, { maxShortSide, ...(steps && { steps }) }).map(
        ({ id, width, height: side }) => `${id} ${width}x${side}`,
      );
    expect(of(1080, 720)).toEqual(['720p 1280x720', '480p 854x480', '360p 640x360']);
    expect(of(720, 480)).toEqual(['480p 854x480', '360p 640x360']);
    expect(of(2160, 1080)[0]).toBe('1080p 1920x1080');
    expect(of(720, 360)).toEqual(['360p 640x360']);
    // The preset's size, though the table has none like it: not the source's.
    expect(of(1080, 900)[0]).toBe('900p 1600x900');
    expect(of(720, 480, [])).toEqual(['480p 854x480']);
    // Within the preset the source itself is the top.
    expect(of(720, 720)).toEqual(['480p 854x480', '360p 640x360']);
    expect(of(720, 1080)).toEqual(['480p 854x480', '360p 640x360']);
    const portrait = chooseLadder({ width: 720, height: 1280 }, { maxShortSide: 480 });
    expect(portrait[0]).toMatchObject({ id: '480p', width: 480, height: 854 });
  });

  test('the table is an option, in any order', () => {
    const steps = [
      { shortSide: 240, bitrateBps: 200_000 },
      { shortSide: 540, bitrateBps: 900_000 },
    ];
    expect(names(chooseLadder({ width: 1280, height: 720 }, { steps }))).toEqual([
      '540p 960x540 900k all',
      '240p 426x240 200k all',
    ]);
  });

  test('refuses a source without a size', () => {
    expect(() => chooseLadder({ width: 0, height: 720 })).toThrow('0x720');
  });

  test('a source that cannot be served is encoded even without a table', () => {
    const wished = chooseLadder({ width: 1280, height: 720 }, { steps: [], reencodeSource: true });
    expect(wished.map(({ id, width, height }) => ({ id, width, height }))).toEqual([
      { id: '720p', width: 1280, height: 720 },
    ]);
    expect(chooseLadder({ width: 1280, height: 720 }, { steps: [] })).toEqual([]);
  });
});
