import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DeviceLists } from './device-list.ts';
import { LostDevices } from './lost-devices.ts';

const there = {
  cameras: [{ deviceId: 'cam' }],
  microphones: [{ deviceId: 'mic' }],
} as unknown as DeviceLists;
const reopen = vi.fn<(device: string, deviceId: string) => Promise<void>>();
let devices: LostDevices;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  reopen.mockReset().mockResolvedValue(undefined);
  devices = new LostDevices(reopen);
});

afterEach(() => {
  devices.clear();
  vi.useRealTimers();
});

test('camera and microphone are opened each for itself', () => {
  devices.lost('camera', 'cam');
  devices.lost('microphone', 'mic');
  devices.look(there);
  expect(reopen.mock.calls).toEqual([
    ['camera', 'cam'],
    ['microphone', 'mic'],
  ]);
});

test('a device that comes and goes is opened every three seconds, and not forgotten between', async () => {
  devices.lost('camera', 'cam');
  devices.look(there);
  await vi.advanceTimersByTimeAsync(1_000);
  devices.lost('camera', 'cam');
  devices.look(there);
  expect(reopen).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reopen).toHaveBeenCalledTimes(2);
});

test('one that cannot be opened is tried three times', async () => {
  reopen.mockRejectedValue(new Error('busy'));
  devices.lost('camera', 'cam');
  devices.look(there);
  await vi.advanceTimersByTimeAsync(60_000);
  devices.look(there);
  expect(reopen).toHaveBeenCalledTimes(3);
});

test('one that was replaced by another is not waited for, and says no more', () => {
  devices.lost('camera', 'cam');
  devices.replaced('camera');
  devices.look(there);
  expect(reopen).not.toHaveBeenCalled();
  expect(devices.error).toBeUndefined();
});

test('after the end nothing is opened', async () => {
  devices.lost('camera', 'cam');
  devices.look(there);
  devices.lost('camera', 'cam');
  devices.look(there);
  devices.clear();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reopen).toHaveBeenCalledTimes(1);
});
