import { describe, expect, test } from 'vitest';
import { parseByteRange, writeExtXByteRange } from './ext-x-byterange.ts';
import { parseExtXDateRange, writeExtXDateRange } from './ext-x-daterange.ts';
import { isSameMap, parseExtXMap, writeExtXMap } from './ext-x-map.ts';
import { parseExtXMedia, writeExtXMedia } from './ext-x-media.ts';
import { parseExtXPart, writeExtXPart } from './ext-x-part.ts';
import { parseExtXPartInf, writeExtXPartInf } from './ext-x-part-inf.ts';
import { parseExtXPlaylistType, writeExtXPlaylistType } from './ext-x-playlist-type.ts';
import { parseExtXPreloadHint, writeExtXPreloadHint } from './ext-x-preload-hint.ts';
import { hasTimeZone, parseDateTime, writeExtXProgramDateTime } from './ext-x-program-date-time.ts';
import { parseExtXRenditionReport, writeExtXRenditionReport } from './ext-x-rendition-report.ts';
import { parseExtXServerControl, writeExtXServerControl } from './ext-x-server-control.ts';
import { parseExtXSkip, writeExtXSkip } from './ext-x-skip.ts';
import { parseExtXStreamInf, writeExtXStreamInf } from './ext-x-stream-inf.ts';
import { writeExtXVersion } from './ext-x-version.ts';
import { parseExtinf, writeExtinf } from './extinf.ts';
import { writeIntegerTag } from './integer-tags.ts';

/** What follows the tag's colon. */
function valueOf(line: string): string {
  return line.slice(line.indexOf(':') + 1);
}

describe('EXTINF (rfc8216bis §4.4.4.1)', () => {
  test('has at most five decimals and an empty title', () => {
    expect(writeExtinf(2.0000149)).toBe('#EXTINF:2.00001,');
    expect(writeExtinf(2)).toBe('#EXTINF:2,');
  });

  test('is read with and without a title, and without the comma', () => {
    expect(parseExtinf('2.5,a title, "quoted"')).toBe(2.5);
    expect(parseExtinf('2.5,')).toBe(2.5);
    expect(parseExtinf('2.5')).toBe(2.5);
    expect(() => parseExtinf(',')).toThrow('not a decimal number: ""');
  });
});

describe('EXT-X-PART (§4.4.4.9)', () => {
  test.each([
    [
      '#EXT-X-PART:DURATION=0.2,URI="7.101.0.m4s",INDEPENDENT=YES',
      { uri: '7.101.0.m4s', durationSec: 0.2, independent: true, gap: false },
    ],
    [
      '#EXT-X-PART:DURATION=0.18333,URI="a.mp4",BYTERANGE="20@0",GAP=YES',
      {
        uri: 'a.mp4',
        durationSec: 0.18333,
        independent: false,
        gap: true,
        byteRange: { length: 20, offset: 0 },
      },
    ],
  ])('%s', (line, part) => {
    expect(writeExtXPart(part)).toBe(line);
    expect(parseExtXPart(valueOf(line))).toEqual(part);
  });
});

describe('EXT-X-BYTERANGE (§4.4.4.2)', () => {
  test('has an optional offset', () => {
    expect(writeExtXByteRange({ length: 10, offset: 5 })).toBe('#EXT-X-BYTERANGE:10@5');
    expect(writeExtXByteRange({ length: 10 })).toBe('#EXT-X-BYTERANGE:10');
    expect(parseByteRange('10@5')).toEqual({ length: 10, offset: 5 });
    expect(parseByteRange('10')).toEqual({ length: 10 });
    expect(() => parseByteRange('10@')).toThrow('not a decimal integer: ""');
  });
});

describe('EXT-X-MAP (§4.4.4.5)', () => {
  test('has a URI and perhaps a byte range', () => {
    expect(writeExtXMap({ uri: 'init.mp4' })).toBe('#EXT-X-MAP:URI="init.mp4"');
    expect(parseExtXMap('URI="a.mp4",BYTERANGE="700@0"')).toEqual({
      uri: 'a.mp4',
      byteRange: { length: 700, offset: 0 },
    });
  });

  test('two are the same when URI and range are', () => {
    expect(isSameMap(undefined, undefined)).toBe(true);
    expect(isSameMap({ uri: 'a' }, { uri: 'a' })).toBe(true);
    expect(isSameMap({ uri: 'a' }, { uri: 'b' })).toBe(false);
    expect(isSameMap({ uri: 'a' }, undefined)).toBe(false);
    expect(isSameMap({ uri: 'a', byteRange: { length: 1, offset: 0 } }, { uri: 'a' })).toBe(false);
  });
});

describe('EXT-X-PROGRAM-DATE-TIME (§4.4.4.6)', () => {
  test('is written in UTC with milliseconds', () => {
    const ms = Date.UTC(2026, 10, 22, 8, 0, 0, 7);
    expect(writeExtXProgramDateTime(ms + 0.4)).toBe('#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:00.007Z');
  });

  test.each([
    ['2026-11-22T08:00:00.007Z', 7],
    ['2026-11-22T10:00:00.007+02:00', 7],
    ['2026-11-22T10:00:00+0200', 0],
    ['2026-11-22T05:30:00-02:30', 0],
    ['2026-11-22T10:00:00+02', 0],
    ['2026-11-22T08:00:00', 0],
    ['2026-11-22T08:00:00.500000Z', 500],
  ])('%s is read', (text, ms) => {
    expect(parseDateTime(text)).toBeCloseTo(Date.UTC(2026, 10, 22, 8, 0, 0, ms), 3);
  });

  test.each(['', 'yesterday', '2026-13-01T00:00:00Z', '2026-11-22', '2026-11-22T25:00:00Z'])(
    '%j is refused',
    (text) => {
      expect(() => parseDateTime(text)).toThrow('not a date and time');
    },
  );

  test('tells whether the zone is there', () => {
    expect(hasTimeZone('2026-11-22T08:00:00Z')).toBe(true);
    expect(hasTimeZone('2026-11-22T08:00:00')).toBe(false);
  });
});

describe('EXT-X-SERVER-CONTROL (§4.4.3.8)', () => {
  const line =
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=18,CAN-SKIP-DATERANGES=YES,HOLD-BACK=9,PART-HOLD-BACK=0.648';

  test('comes back as it was', () => {
    expect(writeExtXServerControl(parseExtXServerControl(valueOf(line)))).toBe(line);
  });

  test('distances are rounded up, since they are minima', () => {
    expect(writeExtXServerControl({ canBlockReload: false, partHoldBackSec: 1.0000001 })).toBe(
      '#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1.00001',
    );
    expect(writeExtXServerControl({ canBlockReload: false, partHoldBackSec: 2 / 3 })).toContain('0.66667');
  });

  test('is left out when it would be empty', () => {
    expect(writeExtXServerControl({ canBlockReload: false })).toBeUndefined();
    expect(parseExtXServerControl('CAN-BLOCK-RELOAD=NO')).toEqual({ canBlockReload: false });
  });
});

describe('EXT-X-PART-INF (§4.4.3.7)', () => {
  test('the target is rounded up, since it is a ceiling', () => {
    expect(writeExtXPartInf(1 / 3)).toBe('#EXT-X-PART-INF:PART-TARGET=0.33334');
    expect(parseExtXPartInf('PART-TARGET=0.33334')).toBe(0.33334);
    expect(() => parseExtXPartInf('TARGET=1')).toThrow('PART-TARGET is missing');
  });
});

describe('EXT-X-SKIP (§4.4.5.2)', () => {
  test.each([
    ['#EXT-X-SKIP:SKIPPED-SEGMENTS=3', { skippedSegments: 3 }],
    [
      '#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES="a\tb"',
      { skippedSegments: 3, recentlyRemovedDateRanges: ['a', 'b'] },
    ],
    [
      '#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=""',
      { skippedSegments: 3, recentlyRemovedDateRanges: [] },
    ],
  ])('%j', (line, skip) => {
    expect(writeExtXSkip(skip)).toBe(line);
    expect(parseExtXSkip(valueOf(line))).toEqual(skip);
  });
});

describe('EXT-X-PRELOAD-HINT (§4.4.5.3)', () => {
  test('comes back as it was', () => {
    const line = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a.mp4",BYTERANGE-START=43000,BYTERANGE-LENGTH=10';
    expect(writeExtXPreloadHint(parseExtXPreloadHint(valueOf(line)))).toBe(line);
    expect(() => parseExtXPreloadHint('TYPE=SEGMENT,URI="a"')).toThrow(
      'TYPE is neither PART nor MAP: "SEGMENT"',
    );
  });
});

describe('EXT-X-RENDITION-REPORT (§4.4.5.4)', () => {
  test('comes back as it was', () => {
    const line = '#EXT-X-RENDITION-REPORT:URI="../a/index.m3u8",LAST-MSN=1700000002,LAST-PART=0';
    expect(writeExtXRenditionReport(parseExtXRenditionReport(valueOf(line)))).toBe(line);
    expect(parseExtXRenditionReport('URI="a",LAST-MSN=3')).toEqual({ uri: 'a', lastMsn: 3 });
  });
});

describe('EXT-X-DATERANGE (§4.4.5.1)', () => {
  test('is written as it was read', () => {
    const line = '#EXT-X-DATERANGE:ID="a",CLASS="c",START-DATE="2026-11-22T08:00:00Z",DURATION=3,X-N="1"';
    const range = parseExtXDateRange(valueOf(line));
    expect(range).toMatchObject({ id: 'a', class: 'c', durationSec: 3, startMs: Date.UTC(2026, 10, 22, 8) });
    expect(writeExtXDateRange(range)).toBe(line);
  });
});

describe('EXT-X-PLAYLIST-TYPE (§4.4.3.5)', () => {
  test('is EVENT or VOD', () => {
    expect(writeExtXPlaylistType(parseExtXPlaylistType('EVENT'))).toBe('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(() => parseExtXPlaylistType('LIVE')).toThrow('neither EVENT nor VOD: "LIVE"');
  });
});

describe('tags of one integer', () => {
  test('are written without decimals', () => {
    expect(writeExtXVersion(6)).toBe('#EXT-X-VERSION:6');
    expect(writeIntegerTag('EXT-X-MEDIA-SEQUENCE', 1_700_000_000)).toBe('#EXT-X-MEDIA-SEQUENCE:1700000000');
  });
});

describe('EXT-X-STREAM-INF (§4.4.6.2)', () => {
  test('rates are whole and rounded up, the frame rate has three decimals', () => {
    expect(
      writeExtXStreamInf({
        uri: 'a',
        bandwidthBps: 999.2,
        averageBandwidthBps: 1.5,
        codecs: [],
        frameRate: 24_000 / 1001,
      }),
    ).toBe('#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=2,FRAME-RATE=23.976');
  });

  test('CODECS is a list', () => {
    expect(parseExtXStreamInf('BANDWIDTH=1,CODECS="avc1.64001f, mp4a.40.2"').codecs).toEqual([
      'avc1.64001f',
      'mp4a.40.2',
    ]);
  });
});

describe('EXT-X-MEDIA (§4.4.6.1)', () => {
  test('DEFAULT=YES brings AUTOSELECT=YES with it', () => {
    const line = writeExtXMedia({
      type: 'AUDIO',
      groupId: 'g',
      name: 'n',
      isDefault: true,
      autoselect: false,
    });
    expect(line).toBe('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="n",DEFAULT=YES,AUTOSELECT=YES');
    expect(parseExtXMedia(valueOf(line))).toMatchObject({ isDefault: true, autoselect: true });
  });
});
