import { describe, expect, test } from 'vitest';
import { unit } from '../packager/testing/source.ts';
import { MediaMeter } from './media-meter.ts';

/** Sends so many pictures of so many bytes over a second, and sound beside them. */
function second(meter: MediaMeter, fromMs: number, pictures: number, sizeBytes: number): void {
  for (let at = 0; at < pictures; at++) {
    meter.tick(fromMs + (1000 * at) / pictures);
    meter.count(unit('video', 0, { size: sizeBytes }));
  }
  meter.tick(fromMs + 1000);
}

describe('MediaMeter', () => {
  test('says nothing before a second has passed', () => {
    const meter = new MediaMeter(0);
    second(meter, 0, 25, 1000);
    expect(meter.read(999)).toBeUndefined();
    expect(meter.read(1000)).toEqual({ bitrateBps: 200_000, framesPerSecond: 25 });
  });

  test('counts pictures and sound in bits, and pictures alone as frames', () => {
    const meter = new MediaMeter(0);
    for (let at = 0; at < 50; at++) meter.count(unit('audio', 0, { size: 250 }));
    meter.count(unit('video', 0, { size: 12_500 }));
    expect(meter.read(2000)).toEqual({ bitrateBps: 100_000, framesPerSecond: 0.5 });
  });

  test('forgets what is older than six seconds', () => {
    const meter = new MediaMeter(0);
    for (let sec = 0; sec < 10; sec++) second(meter, sec * 1000, 30, 10_000);
    for (let sec = 10; sec < 20; sec++) second(meter, sec * 1000, 10, 1000);
    expect(meter.read(20_000)).toEqual({ bitrateBps: 80_000, framesPerSecond: 10 });
  });

  test('a publisher that falls silent has no bitrate after some seconds', () => {
    const meter = new MediaMeter(0);
    second(meter, 0, 30, 10_000);
    for (let ms = 1000; ms <= 8000; ms += 50) meter.tick(ms);
    expect(meter.read(8000)).toEqual({ bitrateBps: 0, framesPerSecond: 0 });
  });
});
