import { describe, expect, test } from 'vitest';
import { isMultivariant, parseMediaPlaylist, readMediaPlaylist } from './parse-media-playlist.ts';

describe('parseMediaPlaylist, foreign playlists', () => {
  test('transport stream segments with a title, as nginx-rtmp writes them', () => {
    const playlist = parseMediaPlaylist(`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-TARGETDURATION:6
#EXT-X-DISCONTINUITY
#EXTINF:5.005,
live-41.ts
#EXTINF:6.000,a title, with a comma
live-42.ts
`);
    expect(playlist).toEqual({
      targetDurationSec: 6,
      mediaSequence: 41,
      discontinuitySequence: 0,
      independentSegments: false,
      segments: [
        { uri: 'live-41.ts', durationSec: 5.005, gap: false, discontinuity: true, parts: [] },
        { uri: 'live-42.ts', durationSec: 6, gap: false, discontinuity: false, parts: [] },
      ],
      preloadHints: [],
      renditionReports: [],
      endList: false,
    });
  });

  test('byte ranges of one file, as packagers for video on demand write them', () => {
    const { segments, playlistType, endList } = parseMediaPlaylist(`#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:7
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="main.mp4",BYTERANGE="719@0"
#EXTINF:4.00000,
#EXT-X-BYTERANGE:1508000@719
main.mp4
#EXTINF:3.5,
#EXT-X-BYTERANGE:1510244
main.mp4
#EXT-X-ENDLIST
`);
    expect(playlistType).toBe('VOD');
    expect(endList).toBe(true);
    expect(segments.map((segment) => segment.byteRange)).toEqual([
      { length: 1_508_000, offset: 719 },
      { length: 1_510_244 },
    ]);
    expect(segments[1]?.map).toEqual({ uri: 'main.mp4', byteRange: { length: 719, offset: 0 } });
  });

  test('parts by byte range, an open-ended hint, zones other than UTC, and tags we have no field for', () => {
    const { playlist, version } = readMediaPlaylist(`#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:6
#EXT-X-PART-INF:PART-TARGET=1.004000
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.012,X-FUTURE=1
#EXT-X-MEDIA-SEQUENCE:2680
#EXT-X-KEY:METHOD=NONE
#EXT-X-VENDOR-TAG
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:00.5+02:00
#EXTINF:4.08,
fs2680.mp4
#EXT-X-PART:DURATION=1.02,URI="fs2681.mp4",BYTERANGE="20000@0",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.02,URI="fs2681.mp4",BYTERANGE="23000"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="fs2681.mp4",BYTERANGE-START=43000
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-11-22T08:00:00Z",X-COM="a",DURATION=10
`);
    expect(version).toBe(6);
    expect(playlist.segments[0]?.programDateTimeMs).toBe(Date.UTC(2026, 10, 22, 8, 0, 0, 500));
    expect(playlist.open?.parts[1]).toEqual({
      uri: 'fs2681.mp4',
      durationSec: 1.02,
      independent: false,
      gap: false,
      byteRange: { length: 23_000 },
    });
    expect(playlist.preloadHints).toEqual([{ type: 'PART', uri: 'fs2681.mp4', byteRangeStart: 43_000 }]);
    expect(playlist.unknownTags).toEqual(['#EXT-X-KEY:METHOD=NONE', '#EXT-X-VENDOR-TAG']);
    expect(playlist.dateRanges).toEqual([
      {
        id: 'ad',
        startMs: Date.UTC(2026, 10, 22, 8),
        durationSec: 10,
        attributes: 'ID="ad",START-DATE="2026-11-22T08:00:00Z",X-COM="a",DURATION=10',
      },
    ]);
  });

  test('a delta update that skips date ranges', () => {
    const playlist = parseMediaPlaylist(
      '#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n' +
        '#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES="a\tb"\n#EXTINF:4,\nx.ts\n',
    );
    expect(playlist.skippedSegments).toBe(3);
    expect(playlist.recentlyRemovedDateRanges).toEqual(['a', 'b']);
  });

  test.each([
    ['#EXTM3U\n', 'EXT-X-TARGETDURATION is missing'],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:2.5\n', 'line 2: EXT-X-TARGETDURATION: not a decimal integer: "2.5"'],
    [
      '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2\n',
      'line 3: EXT-X-TARGETDURATION: the tag is given twice',
    ],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:2\na.ts\n', 'line 3: no EXTINF before the URI "a.ts"'],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:x,\na.ts\n', 'line 3: EXTINF: not a decimal number: "x"'],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n', 'the last EXTINF has no URI'],
    ['#EXTM3U\n#EXT-X-PART:DURATION=0.2\n', 'line 2: EXT-X-PART: URI is missing'],
    ['#EXTM3U\n#EXT-X-MAP:URI=init.mp4\n', 'line 2: EXT-X-MAP: URI must be quoted: "init.mp4"'],
    [
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n',
      'line 2: EXT-X-STREAM-INF: this is a multivariant playlist',
    ],
  ])('%j fails with line and value', (text, message) => {
    expect(() => parseMediaPlaylist(text)).toThrow(message);
  });
});

describe('isMultivariant', () => {
  test('tells the two kinds apart', () => {
    expect(isMultivariant('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n')).toBe(true);
    expect(isMultivariant('#EXTM3U\n#EXT-X-TARGETDURATION:2\n')).toBe(false);
  });
});
