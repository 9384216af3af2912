import { ticks } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import type { AccessUnit } from './access-unit.ts';
import { VideoCadence } from './cadence.ts';

const repeater = { observe: (): void => {}, make: (): Uint8Array => new Uint8Array([1]) };

function picture(ms: number): AccessUnit {
  return { kind: 'video', pts: ticks(ms), dts: ticks(ms), keyframe: false, payload: new Uint8Array(1) };
}

function playing(): VideoCadence {
  const cadence = new VideoCadence(250);
  cadence.reset(repeater);
  for (let ms = 0; ms <= 330; ms += 33) cadence.pass(picture(ms));
  return cadence;
}

describe('VideoCadence', () => {
  test('does nothing while video keeps up', () => {
    expect(playing().fill(330 + 249)).toEqual([]);
  });

  test('repeats the last picture at the last interval once video is silent for longer than the limit', () => {
    const repeats = playing().fill(330 + 260);
    expect(repeats.map((unit) => unit.dts)).toEqual([363, 396, 429, 462, 495, 528]);
    expect(repeats.every((unit) => !unit.keyframe)).toBe(true);
  });

  test('goes on close behind the other track until a picture comes', () => {
    const cadence = playing();
    cadence.fill(600);
    expect(cadence.fill(640).length).toBeGreaterThan(0);
  });

  test('shows a picture that comes late after its repeats, never before them', () => {
    const cadence = playing();
    const last = cadence.fill(1000).at(-1);
    const passed = cadence.pass(picture(600));
    expect(passed.dts).toBeGreaterThan(last?.dts ?? 0);
    expect(passed.pts).toBeGreaterThanOrEqual(passed.dts);
  });

  test('fills nothing where no repeat can be made', () => {
    const cadence = new VideoCadence(250);
    cadence.reset(undefined);
    cadence.pass(picture(0));
    expect(cadence.fill(5000)).toEqual([]);
  });
});
