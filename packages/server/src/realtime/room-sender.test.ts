import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_REALTIME_LIMITS } from './realtime-limits.ts';
import type { RoomAdapter } from './room-adapter.ts';
import { eventFrame } from './room-frame.ts';
import { RoomSender } from './room-sender.ts';

const { batchAbovePerSecond, batchMs } = DEFAULT_REALTIME_LIMITS;
let writes: string[] = [];
let sender: RoomSender;

beforeEach(() => {
  vi.useFakeTimers();
  writes = [];
  const adapter = {
    frame: (_room: string, event: string) => Buffer.from(`${event} `),
    write: (_room: string, frames: Buffer) => writes.push(frames.toString()),
    setWaiting: () => undefined,
  } as unknown as RoomAdapter;
  sender = new RoomSender(adapter, 'room', {
    ...DEFAULT_REALTIME_LIMITS,
    monotonicMs: () => performance.now(),
  });
});
afterEach(() => {
  sender.close();
  vi.useRealTimers();
});

/** Evenly over some seconds. */
function send(perSecond: number, seconds: number): void {
  for (let index = 0; index < perSecond * seconds; index++) {
    sender.send(`e${index}`, {}, true);
    vi.advanceTimersByTime(1000 / perSecond);
  }
  vi.advanceTimersByTime(batchMs);
}

describe('RoomSender', () => {
  test('up to 50 events a second each go out by themselves, at once', () => {
    expect(batchAbovePerSecond).toBe(50);
    send(50, 4);
    expect(writes).toHaveLength(200);
  });

  test('of 51 in one second the last one waits for others', () => {
    for (let index = 0; index < 51; index++) sender.send(`e${index}`, {}, true);
    expect(writes).toHaveLength(50);
    vi.advanceTimersByTime(batchMs);
    expect(writes).toHaveLength(51);
  });

  test('above that several travel in one write, in their order, and none waits longer than it may', () => {
    send(400, 5);
    expect(writes.join('')).toBe(Array.from({ length: 2000 }, (_, index) => `e${index} `).join(''));
    expect(writes.length).toBeLessThan(50 + (5 * 1000) / batchMs + 5);
  });

  test('when it is calm again, events go out at once again', () => {
    send(400, 1);
    vi.advanceTimersByTime(1000);
    const before = writes.length;
    sender.send('calm', {}, true);
    expect(writes.slice(before)).toEqual(['calm ']);
  });
});

describe('eventFrame (RFC 6455 §5.2)', () => {
  test.each([0, 100, 121, 122, 126, 1000, 65_530, 65_532, 65_533, 70_000])(
    'a payload with %i characters more is framed in one piece',
    (length) => {
      const frame = eventFrame(['e', 'ä'.repeat(1) + 'x'.repeat(length)]);
      const text = `42["e","ä${'x'.repeat(length)}"]`;
      const bytes = Buffer.byteLength(text);
      const start = bytes <= 125 ? 2 : bytes <= 65_535 ? 4 : 10;
      expect(frame[0]).toBe(0x81);
      expect(frame[1]).toBe(bytes <= 125 ? bytes : bytes <= 65_535 ? 126 : 127);
      if (start === 4) expect(frame.readUInt16BE(2)).toBe(bytes);
      if (start === 10) expect(frame.readBigUInt64BE(2)).toBe(BigInt(bytes));
      expect(frame.toString('utf8', start)).toBe(text);
    },
  );
});
