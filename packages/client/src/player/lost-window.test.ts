import { describe, expect, test } from 'vitest';
import { lostWindow } from './lost-window.ts';

const before = { startMsn: 100, endMsn: 110, startEpochMs: 200_000, endEpochMs: 220_000 };

describe('lostWindow', () => {
  test('a window that moved on is the same presentation', () => {
    expect(
      lostWindow(before, { startMsn: 101, endMsn: 111, startEpochMs: 202_000, endEpochMs: 222_000 }),
    ).toBe(false);
  });

  test('the very next segment still joins on', () => {
    expect(
      lostWindow(before, { startMsn: 111, endMsn: 112, startEpochMs: 220_000, endEpochMs: 224_000 }),
    ).toBe(false);
  });

  test('a server that was started anew jumps up', () => {
    expect(
      lostWindow(before, { startMsn: 4_000, endMsn: 4_001, startEpochMs: 230_000, endEpochMs: 234_000 }),
    ).toBe(true);
  });

  test('a rendition that counts differently over the same time is no other presentation', () => {
    expect(
      lostWindow(before, { startMsn: 4_000, endMsn: 4_010, startEpochMs: 202_000, endEpochMs: 222_000 }),
    ).toBe(false);
  });

  test('without dates the numbers decide', () => {
    const undated = { startEpochMs: undefined, endEpochMs: undefined };
    expect(lostWindow({ ...before, ...undated }, { startMsn: 5, endMsn: 9, ...undated })).toBe(true);
  });
});
