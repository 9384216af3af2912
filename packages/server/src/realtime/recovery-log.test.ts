import { describe, expect, test } from 'vitest';
import { RecoveryLog } from './recovery-log.ts';

function offsetOf(packet: readonly unknown[]): string {
  return String(packet.at(-1));
}

function told(log: RecoveryLog, room: string, event: string, atMs: number): string {
  const packet: unknown[] = [event, {}];
  log.keep(room, packet, atMs);
  return offsetOf(packet);
}

describe('RecoveryLog', () => {
  test('gives what came after an offset, of the rooms that are asked for, in order', () => {
    const log = new RecoveryLog('x', 1000, 100);
    const offset = told(log, 'a', 'e1', 0);
    for (const [room, event] of [
      ['a', 'e2'],
      ['b', 'e3'],
      ['a', 'e4'],
    ] as const)
      told(log, room, event, 0);
    expect(log.after(offset, new Set(['a']), 0)?.map(([event]) => event)).toEqual(['e2', 'e4']);
  });

  test('an offset of somewhere else, or of nothing, is of no use', () => {
    const log = new RecoveryLog('x', 1000, 100);
    told(log, 'a', 'e1', 0);
    for (const offset of ['y.0', 'x.1', 'x.-1', 'x.', 'x', '', 'x.0.5', 'x.NaN', '__proto__.0', 'x.1e3'])
      expect(log.after(offset, new Set(['a']), 0), offset).toBeUndefined();
    expect(log.after('x.0', new Set(['a']), 0)).toEqual([]);
  });

  test('so many events, and not one more', () => {
    const log = new RecoveryLog('x', 1000, 3);
    const offsets = ['e0', 'e1', 'e2'].map((event) => told(log, 'a', event, 0));
    expect(log.after(offsets[0] ?? '', new Set(['a']), 0)).toHaveLength(2);
    told(log, 'a', 'e3', 0);
    expect(log.size).toBe(3);
    expect(log.after(offsets[0] ?? '', new Set(['a']), 0)).toBeUndefined();
    expect(log.after(offsets[1] ?? '', new Set(['a']), 0)).toHaveLength(2);
  });

  test('for so long, and not longer', () => {
    const log = new RecoveryLog('x', 1000, 100);
    const offset = told(log, 'a', 'e0', 0);
    expect(log.after(offset, new Set(['a']), 1000)).toEqual([]);
    expect(log.after(offset, new Set(['a']), 1001)).toBeUndefined();
  });

  test('offsets stay right when it forgets, however often', () => {
    const log = new RecoveryLog('x', 1e9, 1500);
    const offsets = Array.from({ length: 20_000 }, (_, index) => told(log, 'a', `e${index}`, index));
    expect(log.size).toBe(1500);
    expect(log.after(offsets.at(-3) ?? '', new Set(['a']), 20_000)?.map(([event]) => event)).toEqual([
      'e19998',
      'e19999',
    ]);
  });
});
