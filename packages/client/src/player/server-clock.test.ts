import { describe, expect, test } from 'vitest';
import { ServerClock, type ServerClockPorts } from './server-clock.ts';

/** A server whose clock is `aheadMs` ahead of the local one, behind a line with the given delays out and back. */
function ports(
  aheadMs: number,
  delays: readonly (readonly [outMs: number, backMs: number])[],
): ServerClockPorts {
  let localMs = 1_000;
  let request = 0;
  return {
    nowMs: () => localMs,
    fetchEpochMs: () => {
      const [outMs, backMs] = delays[request] ?? [0, 0];
      request += 1;
      localMs += outMs;
      const epochMs = localMs + aheadMs;
      localMs += backMs;
      return Promise.resolve(epochMs);
    },
    after: () => () => undefined,
  };
}

describe('ServerClock', () => {
  test('takes the sample with the least round trip', async () => {
    const clock = new ServerClock(
      ports(5_000, [
        [300, 10],
        [4, 4],
        [10, 200],
      ]),
    );
    await clock.sample();
    expect(clock.offsetMs).toBeCloseTo(5_145);
    await clock.sample();
    await clock.sample();
    expect(clock.offsetMs).toBeCloseTo(5_000);
  });

  test('knows nothing before the first answer, and a failed request changes nothing', async () => {
    const clock = new ServerClock({
      ...ports(0, []),
      fetchEpochMs: () => Promise.reject(new Error('offline')),
    });
    await clock.sample();
    expect(clock.nowEpochMs()).toBeUndefined();
  });

  test('an answer that is no number is left out', async () => {
    const clock = new ServerClock({ ...ports(0, []), fetchEpochMs: () => Promise.resolve(Number.NaN) });
    await clock.sample();
    expect(clock.nowEpochMs()).toBeUndefined();
  });

  test('a lucky sample is forgotten after eight others, so that drift shows', async () => {
    const delays: (readonly [number, number])[] = [[0, 0]];
    for (let index = 0; index < 8; index += 1) {
      delays.push([20, 10]);
    }
    const clock = new ServerClock(ports(1_000, delays));
    for (let index = 0; index < 9; index += 1) {
      await clock.sample();
    }
    expect(clock.offsetMs).toBeCloseTo(1_005);
  });
});
