import { describe, expect, test } from 'vitest';
import { parseProcStat } from './ffmpeg/cpu-usage.ts';
import { OverloadWatch } from './overload-watch.ts';
import { RestartPolicy } from './restart-policy.ts';
import { Throughput } from './throughput.ts';

describe('RestartPolicy', () => {
  test('waits 0.25, 0.5, 1, 2 s, and gives up at the fifth death in a minute', () => {
    const policy = new RestartPolicy();
    expect([0, 1000, 2000, 4000].map((nowMs) => policy.died(nowMs))).toEqual([250, 500, 1000, 2000]);
    expect(policy.died(8000)).toBeUndefined();
    policy.reset();
    expect(policy.died(9000)).toBe(250);
  });

  test('deaths now and then only lengthen the wait, to 5 s; a minute of health forgives', () => {
    const policy = new RestartPolicy();
    expect([0, 20_000, 40_000, 61_000, 82_000, 103_000].map((nowMs) => policy.died(nowMs))).toEqual([
      250, 500, 1000, 2000, 5000, 5000,
    ]);
    expect(policy.died(163_001)).toBe(250);
  });
});

describe('Throughput', () => {
  test('tells the speed of the slowest rung over the last seconds', () => {
    const throughput = new Throughput(['a', 'b']);
    expect(throughput.report(0)).toBeUndefined();
    let report = throughput.report(0);
    for (let second = 0; second <= 10; second++) {
      throughput.wrote(second * 1000);
      throughput.delivered('a', second * 1000);
      throughput.delivered('b', second * 500);
      report = throughput.report(second * 1000);
    }
    expect(report).toMatchObject({ speed: 0.5, lagMs: 5000, fps: 1 });
  });

  test('a publisher that pauses does not make FFmpeg slow', () => {
    const throughput = new Throughput(['a']);
    throughput.wrote(1000);
    throughput.delivered('a', 1000);
    throughput.report(0);
    expect(throughput.report(3000)).toMatchObject({ speed: 1, lagMs: 0 });
  });
});

describe('OverloadWatch', () => {
  const slow = { speed: 0.9, lagMs: 500, fps: 27 };
  test('calls after 8 s below 0.95, not before, and once', () => {
    const watch = new OverloadWatch();
    const calls = [0, 4000, 7999, 8000, 8500].map((nowMs) => watch.observe(slow, nowMs));
    expect(calls).toEqual([false, false, false, true, false]);
    expect(watch.observe(slow, 16_000)).toBe(true);
  });

  test('a moment at full speed starts the count anew, an old backlog does not', () => {
    const watch = new OverloadWatch();
    watch.observe(slow, 0);
    watch.observe({ speed: 1, lagMs: 100, fps: 30 }, 7000);
    expect(watch.observe(slow, 8000)).toBe(false);
    expect(watch.observe({ speed: 1, lagMs: 3500, fps: 30 }, 16_000)).toBe(true);
  });
});

describe('parseProcStat (proc_pid_stat(5))', () => {
  test("is not misled by the program's name", () => {
    expect(parseProcStat('42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0')).toBe(2);
    expect(parseProcStat('nonsense')).toBeUndefined();
  });
});
