import { Parser } from 'm3u8-parser';
import { describe, expect, test } from 'vitest';
import type { MultivariantPlaylist } from './multivariant-playlist.ts';
import { parseMultivariantPlaylist } from './parse-multivariant-playlist.ts';
import { writeMultivariantPlaylist } from './write-multivariant-playlist.ts';

const ladder: MultivariantPlaylist = {
  independentSegments: true,
  renditions: [
    {
      type: 'AUDIO',
      groupId: 'audio',
      name: 'Audio',
      language: 'und',
      isDefault: true,
      autoselect: true,
      channels: '2',
      uri: 'audio/index.m3u8',
    },
  ],
  variants: [
    {
      uri: '720p/index.m3u8',
      bandwidthBps: 2_035_000.2,
      averageBandwidthBps: 1_660_000,
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      resolution: { width: 1280, height: 720 },
      frameRate: 30_000 / 1001,
      audioGroup: 'audio',
      stableId: '720p',
    },
  ],
};

describe('writeMultivariantPlaylist', () => {
  test('lists the audio group, then the variants', () => {
    expect(writeMultivariantPlaylist(ladder)).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2035001,AVERAGE-BANDWIDTH=1660000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",STABLE-VARIANT-ID="720p"
720p/index.m3u8
`);
  });

  test('the m3u8-parser package reads the same ladder', () => {
    const parser = new Parser();
    parser.push(writeMultivariantPlaylist(ladder));
    parser.end();
    expect(parser.manifest.playlists?.[0]?.uri).toBe('720p/index.m3u8');
    expect(parser.manifest.playlists?.[0]?.attributes).toMatchObject({
      BANDWIDTH: 2_035_001,
      CODECS: 'avc1.64001f,mp4a.40.2',
      RESOLUTION: { width: 1280, height: 720 },
      AUDIO: 'audio',
    });
    expect(parser.manifest.mediaGroups?.['AUDIO']?.['audio']?.['Audio']).toMatchObject({
      default: true,
      language: 'und',
    });
  });
});

describe('parseMultivariantPlaylist, foreign playlists', () => {
  test('passes over tags and attributes that the model does not have', () => {
    const playlist = parseMultivariantPlaylist(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",INSTREAM-ID="CC1"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=222552,CODECS="avc1.64001f",URI="iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2177116,CODECS="avc1.640020, mp4a.40.2",CLOSED-CAPTIONS="cc"

v5/prog_index.m3u8
#EXT-X-SESSION-DATA:DATA-ID="com.example",VALUE="x"
`);
    expect(playlist.renditions).toEqual([
      { type: 'CLOSED-CAPTIONS', groupId: 'cc', name: 'English', isDefault: false, autoselect: false },
    ]);
    expect(playlist.variants).toEqual([
      { uri: 'v5/prog_index.m3u8', bandwidthBps: 2_177_116, codecs: ['avc1.640020', 'mp4a.40.2'] },
    ]);
  });

  test.each([
    ['#EXTM3U\nx.m3u8\n', 'line 2: no EXT-X-STREAM-INF before "x.m3u8"'],
    ['#EXTM3U\n#EXT-X-STREAM-INF:CODECS="a"\nx\n', 'line 2: EXT-X-STREAM-INF: BANDWIDTH is missing'],
    [
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1280\nx\n',
      'line 2: EXT-X-STREAM-INF: not a resolution: "1280"',
    ],
    ['#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n', 'the last EXT-X-STREAM-INF has no URI'],
    [
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-VERSION:6\n',
      'line 3: EXT-X-VERSION: EXT-X-STREAM-INF is not followed',
    ],
    [
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID="a",NAME="a"\n',
      'line 2: EXT-X-MEDIA: unknown TYPE: "SMELL"',
    ],
    ['#EXTM3U\n#EXT-X-TARGETDURATION:2\n', 'line 2: EXT-X-TARGETDURATION: this is a media playlist'],
  ])('%j fails with line and value', (text, message) => {
    expect(() => parseMultivariantPlaylist(text)).toThrow(message);
  });
});
