import { lintMediaPlaylist } from '@tallylight/hls/lint/lint-playlist.ts';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClip } from '../support/clip.ts';
import { FlvSource } from '../support/flv-source.ts';
import { type HttpAnswer, httpGet } from '../support/http-client.ts';
import { Tallylight } from '../support/tallylight.ts';
import { waitFor } from '../support/wait-for.ts';

describe('scenario 1: a cold start', () => {
  let server: Tallylight;
  let source: FlvSource | undefined;

  beforeAll(async () => {
    server = await Tallylight.start({ env: { LADDER: 'off' } });
  });

  afterAll(async () => {
    source?.kill();
    await server.stop();
  });

  test('there is no playlist before there is media, and from then on there is something to play', async () => {
    const file = await makeClip();
    const url = server.playlistUrl('cold');
    expect((await httpGet(url)).status).toBe(404);
    const key = await server.addKey('cold');
    source = await FlvSource.start({ port: server.rtmpPort, key, files: [file] });
    const publishedMs = performance.now();

    const first = await waitFor('the first playlist', () => whenFound(url), 5000, 5);
    const { variants, renditions } = parseMultivariantPlaylist(first.body.toString());
    expect(variants.map(({ uri }) => uri)).toEqual(['source/index.m3u8']);
    expect(renditions.map(({ uri }) => uri)).toEqual(['audio/index.m3u8']);
    expect(first.lastByteMs - publishedMs).toBeLessThan(1500);

    for (const uri of ['source/index.m3u8', 'audio/index.m3u8']) {
      const playlist = await httpGet(new URL(uri, url).href);
      expect(playlist.status).toBe(200);
      const { read, findings } = lintMediaPlaylist(playlist.body.toString());
      expect(findings.filter(({ level }) => level === 'MUST')).toEqual([]);
      const part = read?.playlist.open?.parts[0] ?? read?.playlist.segments.at(-1)?.parts[0];
      expect(part).toMatchObject({ gap: false, independent: true });
      expect((await httpGet(new URL(part?.uri ?? '', new URL(uri, url)).href)).status).toBe(200);
    }
  });
});

async function whenFound(url: string): Promise<HttpAnswer | undefined> {
  const answer = await httpGet(url);
  if (answer.status === 200) return answer;
  expect(answer.status).toBe(404);
  return undefined;
}
