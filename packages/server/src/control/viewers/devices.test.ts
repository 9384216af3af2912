import { describe, expect, test } from 'vitest';
import { Devices } from './devices.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';
const FIREFOX_TABLET = 'Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0';

describe('Devices', () => {
  test.each([
    [CHROME, { device: 'desktop', browser: 'Chrome 141', os: 'Windows' }],
    [IPHONE, { device: 'mobile', browser: 'Safari 18', os: 'iOS' }],
    [FIREFOX_TABLET, { device: 'tablet', browser: 'Firefox 140', os: 'Android' }],
    ['VLC/3.0.20 LibVLC/3.0.20', { browser: 'VLC 3' }],
    ['curl/8.0', {}],
    ['', {}],
    [undefined, {}],
  ])('%j', (agent, device) => {
    expect(new Devices().of(agent)).toEqual(device);
  });

  test('a very long or odd one costs little and breaks nothing', () => {
    const devices = new Devices();
    const startMs = performance.now();
    for (let at = 0; at < 200; at++) devices.of(`${'('.repeat(15_000)}${at}`);
    devices.of('\u0000\ud800 __proto__ constructor');
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  test('no more than a thousand are remembered, and what is forgotten is read again', () => {
    const devices = new Devices();
    const first = devices.of(CHROME);
    expect(devices.of(CHROME)).toBe(first);
    for (let at = 0; at < 1000; at++) devices.of(`agent ${at}`);
    expect(devices.of(CHROME)).not.toBe(first);
    expect(devices.of(CHROME)).toEqual(first);
  });
});
