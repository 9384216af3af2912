import { describe, expect, test } from 'vitest';
import { advancePartLimit, decideReload, isSatisfied, type ReloadState } from './blocking-reload.ts';

const HOLD = 'hold';
const ANSWER = 'answer';
const REJECT = 'reject';

/** Complete segments 90…100 of ten parts each, 101 open with parts 0…3; PART-TARGET 0.2. */
const open: ReloadState = {
  edge: { msn: 101, part: 3, complete: false },
  mediaSequence: 90,
  partCount: (msn) => (msn >= 99 && msn <= 100 ? 10 : undefined),
  partTargetSec: 0.2,
  endList: false,
};
/** The same at the moment when segment 100 has just been closed. */
const closed: ReloadState = { ...open, edge: { msn: 100, part: 9, complete: true } };
/** The same moment, as a packager says it that has already opened the next segment. */
const opened: ReloadState = { ...open, edge: { msn: 101, part: -1, complete: false } };

function outcome(msn: number | undefined, part: number | undefined, state: ReloadState): string {
  const decision = decideReload(
    { ...(msn === undefined ? {} : { msn }), ...(part === undefined ? {} : { part }) },
    state,
  );
  if (decision.action !== HOLD) return decision.action;
  return `${HOLD} ${decision.until.msn}.${decision.until.part ?? 'end'}`;
}

describe('decideReload (rfc8216bis §6.2.5.2)', () => {
  test.each([
    ['no directive', undefined, undefined, ANSWER],
    ['scenario 9: msn 0', 0, undefined, ANSWER],
    ['older than the window, with a part', 12, 4, ANSWER],
    ['scenario 9: L − 1', 99, undefined, ANSWER],
    ['scenario 9: L', 100, undefined, ANSWER],
    ['a listed part of L', 100, 9, ANSWER],
    ['a part of a segment whose parts are no longer listed', 95, 7, ANSWER],
    ['rule 29, scenario 8: last + 1 of L is part 0 of the open segment, which exists', 100, 10, ANSWER],
    ['rule 29, scenario 8: 99 of L as well', 100, 99, ANSWER],
    ['the newest part', 101, 3, ANSWER],
    ['rule 27, scenario 6: the next part', 101, 4, 'hold 101.4'],
    ['a part further on', 101, 8, 'hold 101.8'],
    ['rule 28: L + 1 without a part waits for the segment', 101, undefined, 'hold 101.end'],
    ['rule 31, scenario 10: L + 2', 102, undefined, 'hold 102.end'],
    ['rule 31: part 0 of L + 2', 102, 0, 'hold 102.0'],
    ['rule 31, scenario 10: L + 3', 103, undefined, REJECT],
    ['L + 3 with a part', 103, 0, REJECT],
    ['the largest number', Number.MAX_SAFE_INTEGER, undefined, REJECT],
    ['rule 31: at the Advance Part Limit', 101, 18, 'hold 101.18'],
    ['rule 31: beyond the Advance Part Limit', 101, 19, REJECT],
    ['rule 32: a part alone', undefined, 0, REJECT],
  ])('%s (msn %s, part %s): %s', (_name, msn, part, expected) => {
    expect(outcome(msn, part, open)).toBe(expected);
  });

  test.each([
    ['closed', closed],
    ['opened', opened],
  ])('a playlist that ends in EXTINF (%s) holds every request for what comes next', (_name, state) => {
    expect(outcome(100, 9, state)).toBe(ANSWER);
    expect(outcome(100, 10, state)).toBe('hold 101.0');
    expect(outcome(100, 99, state)).toBe('hold 101.0');
    expect(outcome(101, 0, state)).toBe('hold 101.0');
    // Rule 28: released at part 0, since native Safari asks so for the next part.
    expect(outcome(101, undefined, state)).toBe('hold 101.0');
    expect(outcome(102, undefined, state)).toBe('hold 102.end');
    expect(outcome(103, undefined, state)).toBe(REJECT);
  });

  test('hls.js without low latency may ask for the last part of the next segment, although parts are few', () => {
    const longParts: ReloadState = {
      ...closed,
      partTargetSec: 1,
      edge: { msn: 100, part: 5, complete: true },
      partCount: () => 6,
    };
    expect(outcome(101, 5, longParts)).toBe('hold 101.5');
    expect(outcome(101, 7, longParts)).toBe(REJECT);
  });

  test('rule 33: after EXT-X-ENDLIST everything is answered, even what would be an error', () => {
    const ended: ReloadState = { ...closed, endList: true };
    for (const [msn, part] of [
      [101, 0],
      [102, undefined],
      [500, 3],
      [undefined, 4],
    ] as const) {
      expect(outcome(msn, part, ended)).toBe(ANSWER);
    }
  });

  test('a playlist without parts holds for whole segments', () => {
    const plain: ReloadState = {
      edge: { msn: 100, part: -1, complete: true },
      mediaSequence: 90,
      partCount: () => undefined,
      partTargetSec: undefined,
      endList: false,
    };
    expect(outcome(100, undefined, plain)).toBe(ANSWER);
    expect(outcome(101, undefined, plain)).toBe('hold 101.end');
    expect(outcome(103, undefined, plain)).toBe(REJECT);
  });

  test('a rejection has status 400 and names the value', () => {
    expect(decideReload({ msn: 103 }, open)).toEqual({
      action: REJECT,
      status: 400,
      reason: '_HLS_msn 103 is more than two above 100',
    });
  });
});

describe('isSatisfied', () => {
  test.each([
    [{ msn: 101, part: 4 }, { msn: 101, part: 3, complete: false }, false],
    [{ msn: 101, part: 4 }, { msn: 101, part: 4, complete: false }, true],
    [{ msn: 101, part: 4 }, { msn: 101, part: 5, complete: true }, true],
    [{ msn: 101, part: 4 }, { msn: 102, part: 0, complete: false }, true],
    // The segment ended before part 4: it means part 0 of the next, which is not there yet.
    [{ msn: 101, part: 4 }, { msn: 101, part: 3, complete: true }, false],
    [{ msn: 101, part: 4 }, { msn: 102, part: -1, complete: false }, false],
    [{ msn: 101, part: 4 }, { msn: 103, part: -1, complete: false }, true],
    [{ msn: 101, part: undefined }, { msn: 101, part: 9, complete: false }, false],
    [{ msn: 101, part: undefined }, { msn: 101, part: 9, complete: true }, true],
    [{ msn: 101, part: undefined }, { msn: 102, part: -1, complete: false }, true],
  ])('%o at %o: %s', (until, edge, expected) => {
    expect(isSatisfied(until, edge)).toBe(expected);
  });

  test('what decideReload holds is not satisfied yet, and is when the awaited part comes', () => {
    for (const part of [4, 5, 9]) {
      const decision = decideReload({ msn: 101, part }, open);
      if (decision.action !== HOLD) throw new Error(`expected a hold, got ${decision.action}`);
      expect(isSatisfied(decision.until, open.edge)).toBe(false);
      expect(isSatisfied(decision.until, { msn: 101, part, complete: false })).toBe(true);
    }
  });
});

describe('Advance Part Limit', () => {
  test.each([
    [0.2, 15],
    [0.216, 14],
    [1, 3],
    [2, 3],
    [undefined, 3],
  ])('PART-TARGET %s: %s parts', (target, expected) => {
    expect(advancePartLimit(target)).toBe(expected);
  });
});
