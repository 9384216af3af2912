import { describe, expect, test } from 'vitest';
import { LossWatch } from './loss-watch.ts';

/** Reads a counter once every half second from `fromMs` on. */
function read(watch: LossWatch, fromMs: number, counts: readonly number[]): number {
  counts.forEach((count, index) => watch.received(count, fromMs + index * 500));
  return fromMs + (counts.length - 1) * 500;
}

describe('LossWatch', () => {
  test('a connection that failed or was closed is lost at once', () => {
    const watch = new LossWatch();
    watch.changed('connected', 0);
    expect(watch.verdict(0)).toBeUndefined();
    watch.changed('failed', 10);
    expect(watch.verdict(10)).toBe('failed');
  });

  test('a disconnected one has three seconds to come back', () => {
    const watch = new LossWatch();
    watch.changed('disconnected', 1_000);
    expect(watch.verdict(4_000)).toBeUndefined();
    expect(watch.verdict(4_001)).toBe('disconnected');
    watch.changed('connected', 4_002);
    expect(watch.verdict(60_000)).toBeUndefined();
  });

  test('a server that says nothing for two seconds is lost', () => {
    const watch = new LossWatch();
    const lastMs = read(watch, 0, [10, 20, 30]);
    expect(watch.verdict(read(watch, lastMs + 500, [30, 30, 30, 30]))).toBeUndefined();
    expect(watch.verdict(read(watch, lastMs + 2_500, [30]))).toBe('silent');
  });

  test('a server that speaks every two seconds is given more time', () => {
    const watch = new LossWatch();
    const lastMs = read(watch, 0, [1, 1, 1, 1, 2, 2, 2, 2, 3]);
    expect(
      watch.verdict(
        read(
          watch,
          lastMs + 500,
          Array.from({ length: 11 }, () => 3),
        ),
      ),
    ).toBeUndefined();
    expect(watch.verdict(read(watch, lastMs + 6_000, [3, 3]))).toBe('silent');
  });

  test('a page that slept does not blame the server', () => {
    const watch = new LossWatch();
    read(watch, 0, [1, 2, 3]);
    watch.received(3, 60_000);
    expect(watch.verdict(60_000)).toBeUndefined();
    expect(watch.verdict(read(watch, 60_500, [3, 3, 3, 3, 3, 3]))).toBe('silent');
  });

  test('a browser without a counter leaves it to the connection state', () => {
    const watch = new LossWatch();
    watch.received(undefined, 0);
    watch.received(undefined, 500);
    expect(watch.verdict(1e9)).toBeUndefined();
  });
});
