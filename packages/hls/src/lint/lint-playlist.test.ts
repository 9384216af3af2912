import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { livePlaylist } from '../live-playlist.fixture.ts';
import { makeDelta } from '../rules/delta-update.ts';
import { writeMediaPlaylist } from '../write-media-playlist.ts';
import { lintMediaPlaylist, lintMultivariantPlaylist } from './lint-playlist.ts';

const clean = writeMediaPlaylist(livePlaylist({ segments: 12, openParts: 3 }));
const cleanDelta = writeMediaPlaylist(makeDelta(livePlaylist({ segments: 12, openParts: 3 })));
const ended = writeMediaPlaylist({ ...livePlaylist({ segments: 12 }), endList: true });

const DATE = '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:03:20.000Z\n';
const FIRST = '#EXT-X-MAP:URI="7.init-0.mp4"\n';

/** The rules that a text breaks, as `MUST 15`. */
function broken(text: string): string[] {
  return lintMediaPlaylist(text).findings.map(({ level, rule }) => `${level} ${rule}`);
}

describe('lintMediaPlaylist', () => {
  test.each([
    ['live', clean],
    ['delta', cleanDelta],
    ['ended', ended],
  ])('finds nothing in a correct %s playlist', (_name, text) => {
    expect(lintMediaPlaylist(text).findings).toEqual([]);
  });

  test('a finding has rule, level, line and words', () => {
    const text = clean.replace(
      '#EXT-X-PART:DURATION=0.2,URI="7.112.1.m4s"',
      '#EXT-X-PART:DURATION=0.25,URI="7.112.1.m4s"',
    );
    expect(lintMediaPlaylist(text).findings).toEqual([
      { rule: 15, level: 'MUST', line: 98, words: 'part of 0.25 s is above PART-TARGET 0.216 s' },
    ]);
  });

  test('a rule is reported ten times at most', () => {
    expect(broken(clean.replaceAll('DURATION=0.2,', 'DURATION=0.3,'))).toEqual(Array(10).fill('MUST 15'));
  });

  /** Rule, what is wrong, the text to change in the clean playlist, and what it becomes. */
  const examples: readonly (readonly [string, string, string | RegExp, string])[] = [
    ['MUST 1', 'no #EXTM3U', '#EXTM3U\n', ''],
    ['MUST 1', 'a tag twice', '#EXT-X-VERSION:6\n', '#EXT-X-VERSION:6\n#EXT-X-VERSION:6\n'],
    ['MUST 2', 'the version is too low', 'VERSION:6', 'VERSION:3'],
    ['SHOULD 2', 'the version is too high', 'VERSION:6', 'VERSION:9'],
    ['MUST 3', 'a segment rounds above the target', '#EXTINF:2,\n7.100.', '#EXTINF:3.5,\n7.100.'],
    ['MUST 5', 'the sequence comes late', /(#EXT-X-MEDIA-SEQUENCE:100\n)([\s\S]*?7\.100\.m4s\n)/, '$2$1'],
    ['SHOULD 8', 'no discontinuity sequence', /#EXT-X-DISCONTINUITY-SEQUENCE:5\n/, ''],
    ['MUST 8', 'it comes late', /(#EXT-X-DISCONTINUITY-SEQUENCE:5\n)([\s\S]*?7\.100\.m4s\n)/, '$2$1'],
    ['MUST 9', 'no map', FIRST, ''],
    ['MUST 9', 'a date after the first part', /(#EXT-X-PROG.*\n)(.*7\.112\.0\.m4s.*\n)/, '$2$1'],
    ['SHOULD 9', 'no map after a discontinuity', '7.100.m4s\n', '7.100.m4s\n#EXT-X-DISCONTINUITY\n'],
    ['MUST 10', 'no date at all', /#EXT-X-PROGRAM-DATE-TIME.*\n/g, ''],
    ['SHOULD 10', 'no date on the first segment', DATE, ''],
    ['SHOULD 10', 'no time zone', '08:03:20.000Z', '08:03:20.000'],
    ['SHOULD 10', 'dates overlap', '08:03:20.000Z', '08:03:24.000Z'],
    ['SHOULD 12', 'a missing part, but no gap', 'URI="7.111.5.m4s"', 'URI="7.111.5.m4s",GAP=YES'],
    ['MUST 14', 'no PART-INF', /#EXT-X-PART-INF.*\n/, ''],
    [
      'MUST 15',
      'a part above the target, even if independent',
      'DURATION=0.2,URI="7.112.0',
      'DURATION=0.21602,URI="7.112.0',
    ],
    ['MUST 16', 'a part below 85 %', 'DURATION=0.2,URI="7.112.1', 'DURATION=0.18,URI="7.112.1'],
    ['SHOULD 18', 'the first part is not independent', '7.112.0.m4s",INDEPENDENT=YES', '7.112.0.m4s"'],
    ['MUST 20', 'a range without offset', 'URI="7.112.0.m4s"', 'URI="7.112.0.m4s",BYTERANGE="10"'],
    [
      'SHOULD 22',
      'parts of an old segment',
      '#EXTINF:2,\n7.105.',
      '#EXT-X-PART:DURATION=0.2,URI="o",INDEPENDENT=YES\n#EXTINF:2,\n7.105.',
    ],
    ['MUST 25', 'HOLD-BACK too short', ',HOLD-BACK=9', ',HOLD-BACK=8.9'],
    ['MUST 25', 'PART-HOLD-BACK below 2 targets', 'PART-HOLD-BACK=0.648', 'PART-HOLD-BACK=0.43'],
    ['SHOULD 25', 'PART-HOLD-BACK below 3 targets', 'PART-HOLD-BACK=0.648', 'PART-HOLD-BACK=0.6'],
    ['MUST 25', 'no PART-HOLD-BACK', ',PART-HOLD-BACK=0.648', ''],
    ['MUST 26', 'CAN-SKIP-UNTIL too short', 'UNTIL=18', 'UNTIL=17'],
    ['MUST 26', 'CAN-SKIP-DATERANGES alone', 'CAN-SKIP-UNTIL=18', 'CAN-SKIP-DATERANGES=YES'],
    ['MUST 35', 'no hint', /#EXT-X-PRELOAD-HINT.*\n/, ''],
    ['MUST 35', 'two hints', /(#EXT-X-PRELOAD-HINT.*\n)/, '$1$1'],
    ['MUST 38', 'no LAST-PART', ',LAST-PART=3', ''],
    ['MUST 38', 'an absolute report', '../audio', 'https://example.com/audio'],
    ['SHOULD 45', 'VOD without end', FIRST, `#EXT-X-PLAYLIST-TYPE:VOD\n${FIRST}`],
    ['MUST 46', 'a hint after the end', /$/, '#EXT-X-ENDLIST\n'],
    ['MUST 48', 'no START-DATE', FIRST, `#EXT-X-DATERANGE:ID="a"\n${FIRST}`],
    [
      'MUST 48',
      'two values of an attribute',
      FIRST,
      `#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-22T08:00:00Z"\n#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-22T09:00:00Z"\n${FIRST}`,
    ],
    [
      'MUST 49',
      'an interstitial without assets',
      FIRST,
      `#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-22T08:00:00Z",CLASS="com.apple.hls.interstitial"\n${FIRST}`,
    ],
    ['SHOULD 55', 'a start near the live end', FIRST, `#EXT-X-START:TIME-OFFSET=-1.5\n${FIRST}`],
    ['SHOULD 55', 'a start in a low-latency stream', FIRST, `#EXT-X-START:TIME-OFFSET=-15\n${FIRST}`],
    ['MUST 57', 'a key without URI', FIRST, `#EXT-X-KEY:METHOD=AES-128\n${FIRST}`],
    ['MUST 57', 'a key without method', FIRST, `#EXT-X-KEY:URI="k"\n${FIRST}`],
  ];

  test.each(examples)('%s: %s', (expected, _name, from, to) => {
    const text = clean.replace(from, to);
    expect(text).not.toBe(clean);
    expect(broken(text)).toContain(expected);
  });

  test.each([
    ['MUST 40', 'the skip reaches into the boundary', /#EXTINF:2,\n7\.103\.m4s\n/, ''],
    [
      'MUST 40',
      'a sequence tag after the skip',
      /(#EXT-X-DISCONTINUITY-SEQUENCE.*\n)([\s\S]*SKIP:.*\n)/,
      '$2$1',
    ],
    ['MUST 40', 'no CAN-SKIP-UNTIL', 'CAN-SKIP-UNTIL=18,', ''],
    ['SHOULD 40', 'nothing skipped', 'SEGMENTS=3', 'SEGMENTS=0'],
    ['MUST 41', 'date ranges skipped unasked', 'SEGMENTS=3', 'SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=""'],
  ] as const)('delta: %s: %s', (expected, _name, from, to) => {
    const text = cleanDelta.replace(from, to);
    expect(text).not.toBe(cleanDelta);
    expect(broken(text)).toContain(expected);
  });

  test('SHOULD 43: a young window', () => {
    expect(broken(writeMediaPlaylist(livePlaylist({ segments: 4 })))).toEqual(['SHOULD 43']);
    expect(broken(writeMediaPlaylist(livePlaylist({ segments: 5 })))).toEqual(['SHOULD 43']);
  });

  test('MUST 48: a date range without a date', () => {
    const text = clean
      .replaceAll(/#EXT-X-PROGRAM-DATE-TIME.*\n/g, '')
      .replace(FIRST, `#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-22T08:00:00Z"\n${FIRST}`);
    expect(broken(text)).toContain('MUST 48');
  });

  test('the newest part of an open segment, an independent one and the last of a segment may be short', () => {
    const text = clean
      .replace('DURATION=0.2,URI="7.112.2', 'DURATION=0.1,URI="7.112.2')
      .replace('DURATION=0.2,URI="7.112.0', 'DURATION=0.1,URI="7.112.0')
      .replace('DURATION=0.2,URI="7.111.9', 'DURATION=0.1,URI="7.111.9');
    expect(broken(text)).toEqual([]);
  });
});

describe('lintMultivariantPlaylist', () => {
  const ladder = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1600000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio"
720p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,URI="iframes.m3u8"
`;
  const STEERING = '#EXT-X-CONTENT-STEERING:SERVER-URI="s.json"\n';

  test('finds nothing in a correct ladder', () => {
    expect(lintMultivariantPlaylist(ladder).findings).toEqual([]);
  });

  test.each([
    ['MUST 1', 'a missing BANDWIDTH', 'BANDWIDTH=2000000,', ''],
    ['SHOULD 50', 'no average', 'AVERAGE-BANDWIDTH=1600000,', ''],
    ['MUST 50', 'an average above the peak', '=1600000', '=2600000'],
    ['MUST 50', 'a peak of nothing', 'BANDWIDTH=2000000', 'BANDWIDTH=0'],
    ['SHOULD 51', 'no CODECS', 'CODECS="avc1.64001f,mp4a.40.2",', ''],
    ['SHOULD 51', 'no RESOLUTION', 'RESOLUTION=1280x720,', ''],
    ['SHOULD 51', 'no FRAME-RATE', 'FRAME-RATE=30.000,', ''],
    ['MUST 51', 'no audio format', ',mp4a.40.2', ''],
    ['MUST 52', 'no such group', 'AUDIO="audio"', 'AUDIO="sound"'],
    ['MUST 52', 'two of the same name', /(#EXT-X-MEDIA.*\n)/, '$1$1'],
    ['MUST 52', 'DEFAULT against AUTOSELECT', 'AUTOSELECT=YES', 'AUTOSELECT=NO'],
    ['SHOULD 52', 'DEFAULT without AUTOSELECT', ',AUTOSELECT=YES', ''],
    ['SHOULD 52', 'no LANGUAGE', 'LANGUAGE="und",', ''],
    ['SHOULD 53', 'no I-frame playlist', /#EXT-X-I-FRAME.*\n/, ''],
    ['SHOULD 54', 'no stable id with steering', '#EXT-X-VERSION:6\n', STEERING],
    ['MUST 56', 'steering twice', '#EXT-X-VERSION:6\n', `${STEERING}${STEERING}`],
    [
      'MUST 56',
      'a pathway without variants',
      '#EXT-X-VERSION:6\n',
      STEERING.replace('\n', ',PATHWAY-ID="b"\n'),
    ],
  ] as const)('%s: %s', (expected, _name, from, to) => {
    const text = ladder.replace(from, to);
    expect(text).not.toBe(ladder);
    const { findings } = lintMultivariantPlaylist(text);
    expect(findings.map(({ level, rule }) => `${level} ${rule}`)).toContain(expected);
  });
});

describe('lint', () => {
  test('no text makes it throw', () => {
    const lines = [
      ...clean.split('\n'),
      ...cleanDelta.split('\n'),
      '#EXT-X-DATERANGE:ID="x"',
      '#EXT-X-START:',
      'a.m4s',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 40 }), (chosen) => {
        const text = ['#EXTM3U', '#EXT-X-TARGETDURATION:3', ...chosen].join('\n');
        lintMediaPlaylist(text);
        lintMultivariantPlaylist(text);
      }),
      { numRuns: 300 },
    );
  });
});
