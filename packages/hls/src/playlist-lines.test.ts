import { describe, expect, test } from 'vitest';
import { readPlaylistLines } from './playlist-lines.ts';

describe('readPlaylistLines (rfc8216bis §4.1)', () => {
  test('keeps tags and URIs with their line numbers, and drops comments and empty lines', () => {
    expect(readPlaylistLines('#EXTM3U\r\n# a comment\n\n#EXTINF:2,title\na.m4s\n')).toEqual([
      { line: 1, tag: 'EXTM3U', value: '' },
      { line: 4, tag: 'EXTINF', value: '2,title' },
      { line: 5, tag: undefined, value: 'a.m4s' },
    ]);
  });

  test('a last line without a line end counts', () => {
    expect(readPlaylistLines('#EXTM3U\n#EXT-X-ENDLIST')).toHaveLength(2);
  });

  test.each([
    ['', 'line 1: the playlist is empty'],
    ['\n#EXTM3U\n', 'line 1: the first line is not #EXTM3U'],
    ['<html>', 'line 1: the first line is not #EXTM3U'],
    ['\uFEFF#EXTM3U\n', 'line 1: a byte order mark is not allowed'],
    ['#EXTM3U\n#EXTINF:2,\u0007\n', 'line 2: control character U+0007 at column 11'],
    ['#EXTM3U\na\u0085b\n', 'line 2: control character U+0085 at column 2'],
  ])('refuses %j', (text, message) => {
    expect(() => readPlaylistLines(text)).toThrow(message);
  });

  test('is bounded in characters and lines', () => {
    const text = `#EXTM3U\n${'#EXT-X-GAP\n'.repeat(10)}`;
    expect(() => readPlaylistLines(text, { maxCharacters: 50, maxLines: 100 })).toThrow(
      '118 characters, more than 50',
    );
    expect(() => readPlaylistLines(text, { maxCharacters: 500, maxLines: 5 })).toThrow(
      'line 6: more than 5 lines',
    );
  });
});
