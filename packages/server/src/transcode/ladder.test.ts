import { describe, expect, test } from 'vitest';
import { chooseLadder } from './ladder.ts';
import type { Rung } from './rung.ts';

function names(rungs: readonly Rung[]): string[] {
  return rungs.map(
    (rung) =>
      `${rung.id} ${rung.width}x${rung.height} ${rung.bitrateBps / 1000}k${rung.everyNth === 1 ? '' : ` 1/${rung.everyNth}`}`,
  );
}

describe('chooseLadder', () => {
  test('1080p30 has three rungs below it', () => {
    expect(names(chooseLadder({ width: 1920, height: 1080, frameRate: 30 }))).toEqual([
      '720p 1280x720 1500k',
      '480p 854x480 800k',
      '360p 640x360 400k',
    ]);
  });

  test('a rung is named after the short side, so portrait keeps its shape', () => {
    expect(names(chooseLadder({ width: 1080, height: 1920, frameRate: 30 }))).toEqual([
      '720p 720x1280 1500k',
      '480p 480x854 800k',
      '360p 360x640 400k',
    ]);
  });

  test('sources above 30 fps are halved, 30.0003 fps is not', () => {
    expect(
      chooseLadder({ width: 1280, height: 720, frameRate: 60 }).every((rung) => rung.everyNth === 2),
    ).toBe(true);
    expect(
      chooseLadder({ width: 1280, height: 720, frameRate: 30.0003 }).every((rung) => rung.everyNth === 1),
    ).toBe(true);
    expect(chooseLadder({ width: 1280, height: 720 }).every((rung) => rung.everyNth === 1)).toBe(true);
  });

  test('odd sizes get even sides', () => {
    expect(names(chooseLadder({ width: 1279, height: 719 }))).toEqual([
      '480p 854x480 800k',
      '360p 640x360 400k',
    ]);
    expect(names(chooseLadder({ width: 853, height: 481 }))).toEqual(['360p 638x360 400k']);
    expect(names(chooseLadder({ width: 801, height: 601 }))).toEqual([
      '480p 640x480 800k',
      '360p 480x360 400k',
    ]);
  });

  test('no rung is as large as the source, nor nearly', () => {
    expect(names(chooseLadder({ width: 1920, height: 1088 }))[0]).toBe('720p 1270x720 1500k');
    expect(chooseLadder({ width: 640, height: 360 })).toEqual([]);
    expect(chooseLadder({ width: 426, height: 240 })).toEqual([]);
  });

  test('no rung has more bits than the source', () => {
    expect(names(chooseLadder({ width: 1280, height: 720, bitrateBps: 600_000 }))).toEqual([
      '480p 854x480 600k',
      '360p 640x360 400k',
    ]);
  });

  test('a source that must be re-encoded has a rung of its own size', () => {
    const top = (width: number, height: number): string | undefined =>
      names(chooseLadder({ width, height }, { reencodeSource: true }))[0];
    expect(top(1920, 1080)).toBe('1080p 1920x1080 3000k');
    expect(top(1280, 720)).toBe('720p 1280x720 1500k');
    expect(top(3840, 2160)).toBe('1080p 1920x1080 3000k');
    // Between 480p and 720p by area: 800k + 0.45 × 700k.
    expect(top(800, 600)).toBe('600p 800x600 1115k');
    expect(top(426, 240)).toBe('240p 426x240 177.778k');
  });

  test('no rung is above the preset, and a larger source has one of its size', () => {
    const of = (height: number, maxShortSide: number, steps?: []): string[] =>
      chooseLadder(
        { width: (height * 16) / 9, height },
        { limits: { maxShortSide }, ...(steps && { steps }) },
      ).map(({ id, width, height: side }) => `${id} ${width}x${side}`);
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
    const portrait = chooseLadder({ width: 720, height: 1280 }, { limits: { maxShortSide: 480 } });
    expect(portrait[0]).toMatchObject({ id: '480p', width: 480, height: 854 });
  });

  test('a rung has the source’s rate over a whole number, within the limit and 30', () => {
    const rate = (frameRate: number, maxFrameRate?: number): number | undefined => {
      const [top] = chooseLadder({ width: 1280, height: 720, frameRate }, { limits: { maxFrameRate } });
      return top && frameRate / top.everyNth;
    };
    expect([60, 50, 120, 144].map((fps) => rate(fps))).toEqual([30, 25, 30, 28.8]);
    // A limit above 30 is the source's: rungs for small networks have 30 at most.
    expect([60, 120].map((fps) => rate(fps, 60))).toEqual([30, 30]);
    expect([30, 60, 29.97, 25].map((fps) => rate(fps, 24))).toEqual([15, 20, 14.985, 25]);
    expect([30, 60].map((fps) => rate(fps, 15))).toEqual([15, 15]);
    // Nothing slower than 10: its pictures would outlast parts.
    expect([30, 24, 25, 12].map((fps) => rate(fps, 1))).toEqual([10, 12, 12.5, 12]);
  });

  test('a source faster than its limit is encoded in its own size', () => {
    const ids = (frameRate: number | undefined, maxFrameRate: number): string[] =>
      chooseLadder(
        { width: 1280, height: 720, ...(frameRate === undefined ? {} : { frameRate }) },
        { limits: { maxFrameRate } },
      ).map(({ id, everyNth }) => `${id} 1/${everyNth}`);
    expect(ids(60, 30)).toEqual(['720p 1/2', '480p 1/2', '360p 1/2']);
    expect(ids(60, 60)).toEqual(['480p 1/2', '360p 1/2']);
    expect(ids(59.94, 60)).toEqual(['480p 1/2', '360p 1/2']);
    // As near as an encoder's clock is to its word.
    expect(ids(31.5, 30)).toEqual(['480p 1/2', '360p 1/2']);
    expect(ids(31.6, 30)).toEqual(['720p 1/2', '480p 1/2', '360p 1/2']);
    // What nobody announced cannot be divided.
    expect(ids(undefined, 15)).toEqual(['480p 1/1', '360p 1/1']);
  });

  test('the table is an option, in any order', () => {
    const steps = [
      { shortSide: 240, bitrateBps: 200_000 },
      { shortSide: 540, bitrateBps: 900_000 },
    ];
    expect(names(chooseLadder({ width: 1280, height: 720 }, { steps }))).toEqual([
      '540p 960x540 900k',
      '240p 426x240 200k',
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
