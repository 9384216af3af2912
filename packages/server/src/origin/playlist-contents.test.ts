import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { mergeDelta } from '@tallylight/hls/rules/delta-update.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OriginFixture } from './testing/fixture.ts';

let fixture: OriginFixture;

beforeEach(async () => {
  fixture = await OriginFixture.start({ shape: { window: 20 } });
});
afterEach(() => fixture.close());

describe('Scenario 14: rendition reports (§4.4.5.4)', () => {
  test('name the last listed part of every other rendition, with a relative URI', async () => {
    fixture.video.advance(53);
    fixture.audio.advance(54);
    const { text } = await fixture.get(fixture.playlistPath());
    expect(text).toContain(
      '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=1700000005,LAST-PART=3',
    );
    expect(text).not.toContain('../720p/');
    const audio = await fixture.get(fixture.playlistPath('', 'audio'));
    expect(audio.text).toContain('URI="../720p/index.m3u8",LAST-MSN=1700000005,LAST-PART=2');
  });

  test('at a segment end they name the last part of the complete segment', async () => {
    fixture.video.advance(53);
    fixture.audio.advance(50);
    const { text } = await fixture.get(fixture.playlistPath());
    expect(text).toContain('LAST-MSN=1700000004,LAST-PART=9');
  });

  test('a rendition without a part has none', async () => {
    fixture.video.advance(3);
    expect((await fixture.get(fixture.playlistPath())).text).not.toContain('RENDITION-REPORT');
  });

  test('a held reload carries the reports of what was published in the same go', async () => {
    fixture.video.advance(53);
    fixture.audio.advance(53);
    const held = fixture.get(fixture.playlistPath('_HLS_msn=1700000005&_HLS_part=3'));
    await fixture.untilHeld(1);
    fixture.video.advance();
    fixture.audio.advance();
    expect((await held).text).toContain('LAST-MSN=1700000005,LAST-PART=3');
  });
});

describe('Scenario 15: delta updates (§6.2.5.1)', () => {
  test.each(['YES', 'v2'])('_HLS_skip=%s merges with the old playlist to the full one', async (skip) => {
    fixture.video.advance(195);
    fixture.audio.advance(195);
    const old = parseMediaPlaylist((await fixture.get(fixture.playlistPath())).text);
    const held = fixture.get(fixture.playlistPath(`_HLS_msn=1700000019&_HLS_part=5&_HLS_skip=${skip}`));
    await fixture.untilHeld(1);
    fixture.video.advance();
    const delta = parseMediaPlaylist((await held).text);
    const full = parseMediaPlaylist((await fixture.get(fixture.playlistPath())).text);
    expect(delta.skippedSegments).toBeGreaterThan(0);
    expect(delta.segments.length).toBeLessThan(full.segments.length);
    expect(mergeDelta(old, delta)).toEqual(full);
  });

  test('a short window has nothing to skip', async () => {
    fixture.video.advance(33);
    const { text } = await fixture.get(fixture.playlistPath('_HLS_skip=YES'));
    expect(text).not.toContain('EXT-X-SKIP');
  });

  test('the plain playlist and the delta of one version do not mix', async () => {
    fixture.video.advance(195);
    const delta = await fixture.get(fixture.playlistPath('_HLS_skip=YES'));
    const full = await fixture.get(fixture.playlistPath());
    expect(delta.text).toContain('EXT-X-SKIP');
    expect(full.text).not.toContain('EXT-X-SKIP');
  });
});

describe('the multivariant playlist', () => {
  test('is waited for while the stream is starting', async () => {
    const { multivariantPlaylist } = fixture.presentation;
    fixture.presentation.multivariantPlaylist = undefined;
    const answer = fixture.get('/hls/live/index.m3u8');
    await fixture.untilHeld(1);
    fixture.presentation.multivariantPlaylist = multivariantPlaylist;
    const { status, text, headers } = await answer;
    expect(status).toBe(200);
    expect(text).toContain('720p/index.m3u8');
    expect(headers['cache-control']).toBe('public, max-age=0, s-maxage=2');
  });

  test('is 404 when the start takes too long', async () => {
    const slow = await OriginFixture.start({ limits: { startHoldMs: 50 } });
    try {
      slow.presentation.multivariantPlaylist = undefined;
      expect((await slow.get('/hls/live/index.m3u8')).status).toBe(404);
    } finally {
      await slow.close();
    }
  });
});
