import { describe, expect, test } from 'vitest';
import { MediaPacket } from './media-packet.ts';
import { ResendHistory } from './resend-history.ts';

function filled(
  capacity: number,
  from: number,
  count: number,
): { history: ResendHistory; last: MediaPacket } {
  const history = new ResendHistory(capacity);
  let last = new MediaPacket(new Uint8Array(1), false);
  for (let i = 0; i < count; i++) {
    last = new MediaPacket(new Uint8Array(i), false);
    history.sent(last, (from + i) & 0xffff, i);
  }
  return { history, last };
}

describe('ResendHistory', () => {
  test('finds the newest packets, over the wrap of the numbers, and none that is older or was not sent', () => {
    const { history, last } = filled(8, 65_530, 12);
    expect(history.find(5, 0, 20)).toEqual({ packet: last, timestamp: 11, isResent: false });
    expect(history.find(65_534, 0, 20)).toMatchObject({ timestamp: 4 });
    expect(history.find(65_533, 0, 20)).toBeUndefined();
    expect(history.find(6, 0, 20)).toBeUndefined();
  });

  test('finds nothing before the first', () => {
    expect(new ResendHistory(8).find(0, 0, 0)).toBeUndefined();
    const { history } = filled(8, 100, 2);
    expect(history.find(99, 0, 20)).toBeUndefined();
  });

  test('gives a packet once in an interval, and says that it was sent again', () => {
    const { history } = filled(8, 0, 4);
    history.resent(2, 1000);
    expect(history.find(2, 1019, 20)).toBeUndefined();
    expect(history.find(2, 1020, 20)).toMatchObject({ isResent: true });
    expect(history.find(3, 1000, 20)).toMatchObject({ isResent: false });
  });

  test('forgets what was said of a packet with the packet', () => {
    const { history } = filled(8, 0, 4);
    history.resent(2, 1000);
    for (let i = 4; i < 65_536 + 3; i++)
      history.sent(new MediaPacket(new Uint8Array(1), false), i & 0xffff, i);
    expect(history.find(2, 1001, 20)).toMatchObject({ isResent: false });
  });
});
