import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { segmentName } from './media-name.ts';
import { defaultPackagerOptions } from './packager-options.ts';
import { Spool } from './spool.ts';
import { ManualClock } from './testing/source.ts';
import { RenditionWindow } from './window.ts';

const RUN = 'run';

function fill(window: RenditionWindow, clock: ManualClock, msns: readonly number[]): void {
  for (const msn of msns) {
    const opening = {
      msn,
      discontinuity: false,
      discontinuitySequence: 0,
      programDateTimeMs: msn * 2000,
      initName: 'i',
    };
    window.openSegment(opening);
    for (let part = 0; part < 10; part += 1) {
      const bytes = new Uint8Array([msn & 0xff, part]);
      window.addPart(
        { durationSec: 0.2, independent: part === 0, gap: false, bytes },
        { msn, part: part + 1 },
      );
      clock.ms += 200;
    }
    window.closeSegment({ quiet: false });
  }
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

describe('RenditionWindow', () => {
  let directory: string;
  let clock: ManualClock;
  let window: RenditionWindow;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tallylight-window-'));
    clock = new ManualClock();
    const spool = new Spool(join(directory, 'spool'), silentLogger);
    window = new RenditionWindow({
      id: 'v',
      run: RUN,
      packager: defaultPackagerOptions,
      clock,
      streamId: 's',
      spool,
    });
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('lists at most the configured segments, and never fewer than six once it had them', () => {
    fill(window, clock, range(100, 20));
    expect(window.playlist().segments.map((_, index) => window.playlist().mediaSequence + index)).toEqual(
      range(113, 7),
    );
  });

  test('a segment that left stays downloadable for a playlist’s length, whole and in parts, then goes (§6.2.2)', async () => {
    fill(window, clock, range(100, 10));
    const name = segmentName(RUN, 102);
    await vi.waitFor(() => expect(readdirSync(join(directory, 'spool'))).toContain(`s.v.${name}`));
    expect(Buffer.concat([...(window.media(name) ?? [])])).toEqual(
      Buffer.from(range(0, 10).flatMap((part) => [102, part])),
    );
    expect(window.media(`${RUN}.102.3.m4s`)).toEqual([new Uint8Array([102, 3])]);
    fill(window, clock, range(110, 10));
    expect(window.media(name)).toBeUndefined();
    await vi.waitFor(() => expect(readdirSync(join(directory, 'spool'))).not.toContain(`s.v.${name}`));
  });

  test('the bytes of a segment are those of its parts', () => {
    fill(window, clock, [100]);
    const parts = range(0, 10).flatMap((part) => window.media(`${RUN}.100.${part}.m4s`) ?? []);
    expect(window.media(segmentName(RUN, 100))).toEqual(parts);
  });

  test('a name of another run, an unknown number or a gap has no media', () => {
    fill(window, clock, [100]);
    expect(window.media('other.100.m4s')).toBeUndefined();
    expect(window.media(segmentName(RUN, 5))).toBeUndefined();
    expect(window.media(segmentName(RUN, 99))).toBeUndefined();
  });

  test('tells its listeners of each part and each end', () => {
    const heard = vi.fn();
    const stop = window.onAdvance(heard);
    fill(window, clock, [100]);
    expect(heard).toHaveBeenCalledTimes(11);
    window.end();
    stop();
    window.end();
    expect(heard).toHaveBeenCalledTimes(12);
  });

  test('the past can be hidden: numbers stay, media of complete segments is gone, the open one goes on', () => {
    fill(window, clock, range(100, 12));
    window.openSegment({
      msn: 112,
      discontinuity: false,
      discontinuitySequence: 0,
      programDateTimeMs: 224_000,
      initName: 'i',
    });
    window.addPart(
      { durationSec: 0.2, independent: true, gap: false, bytes: new Uint8Array([1]) },
      { msn: 112, part: 1 },
    );
    expect(window.media(segmentName(RUN, 111))).toBeDefined();
    window.hidePast();
    for (const msn of range(100, 12)) expect(window.media(segmentName(RUN, msn))).toBeUndefined();
    expect(window.media(`${RUN}.112.0.m4s`) ?? window.edge).toBeDefined();
    expect(window.edge).toEqual({ msn: 112, part: 0, complete: false });
    const { segments } = window.playlist();
    expect(segments.every(({ gap }) => gap)).toBe(true);
    window.closeSegment({ quiet: false });
    expect(window.media(segmentName(RUN, 112))).toBeDefined();
  });
});
