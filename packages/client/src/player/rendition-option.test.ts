import { describe, expect, test } from 'vitest';
import { renditionOptions } from './rendition-option.ts';

describe('renditionOptions', () => {
  test('names a rendition by its shorter side, and by its rate above 33 fps', () => {
    const names = renditionOptions([
      { width: 1920, height: 1080, bitrate: 5_000_000, frameRate: 60 },
      { width: 720, height: 1280, bitrate: 1_500_000, frameRate: 30 },
      { width: 0, height: 0, bitrate: 128_000, frameRate: 0 },
    ]).map((option) => option.name);
    expect(names).toEqual(['1080p60', '720p', 'Audio']);
  });

  test('ids are unique even when names are not', () => {
    const ids = renditionOptions([
      { width: 1280, height: 720, bitrate: 3_000_000, frameRate: 30 },
      { width: 1280, height: 720, bitrate: 1_500_000, frameRate: 30 },
    ]).map((option) => option.id);
    expect(ids).toEqual(['720p@3000k', '720p@1500k']);
  });
});
