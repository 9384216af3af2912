import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintMultivariantPlaylist } from '@tallylight/hls/lint/lint-playlist.ts';
import type { MultivariantPlaylist, Variant } from '@tallylight/hls/multivariant-playlist.ts';
import { parseMultivariantPlaylist } from '@tallylight/hls/parse-multivariant-playlist.ts';
import { avcCodecString, parseAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { Parser } from 'm3u8-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../support/ffprobe.ts';
import { FragmentTrack } from '../support/fragment-track.ts';
import { httpGet } from '../support/http-client.ts';
import { LiveStream } from '../support/live-stream.ts';

describe('scenario 22: the multivariant playlist', () => {
  let stream: LiveStream;
  let folder: string;
  let text: string;
  let playlist: MultivariantPlaylist;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tallylight-variant-'));
    stream = await LiveStream.start({
      env: { LADDER: '144p:100k' },
      clip: { size: '426x240', fps: 25, gop: 25 },
    });
    for (const id of ['source', '144p', 'audio'])
      await stream.until(
        `segments of ${id}`,
        id,
        ({ segments }) => segments.filter(({ gap }) => !gap).length >= 4,
      );
    text = (await httpGet(stream.url)).body.toString();
    playlist = parseMultivariantPlaylist(text);
  });

  afterAll(async () => {
    await stream.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('it passes the lint and a parser from the registry', () => {
    // Rule 53, I-frame playlists, is advice that this version does not follow yet.
    expect(lintMultivariantPlaylist(text).findings.filter(({ rule }) => rule !== 53)).toEqual([]);
    const parser = new Parser();
    parser.push(text);
    parser.end();
    expect(parser.manifest.playlists?.map(({ uri }) => uri)).toEqual(playlist.variants.map(({ uri }) => uri));
    expect(Object.keys(parser.manifest.mediaGroups?.['AUDIO'] ?? {})).toEqual(['audio']);
  });

  test('the source and each rung are variants, audio is a group of its own', () => {
    expect(playlist.independentSegments).toBe(true);
    expect(playlist.variants.map(({ uri }) => uri)).toEqual(['source/index.m3u8', '144p/index.m3u8']);
    for (const variant of playlist.variants) expect(variant.audioGroup).toBe('audio');
    expect(playlist.renditions).toMatchObject([
      {
        type: 'AUDIO',
        groupId: 'audio',
        isDefault: true,
        autoselect: true,
        uri: 'audio/index.m3u8',
        channels: '2',
      },
    ]);
  });

  test('CODECS, RESOLUTION and FRAME-RATE are those of the media', async () => {
    for (const variant of playlist.variants) {
      const { init, segment } = await newestSegment(variant.uri);
      const track = new FragmentTrack();
      track.setInit(init);
      expect(track.init.sampleEntry).toBe('avc1');
      const config = parseAvcConfig(track.init.config ?? new Uint8Array(0));
      expect(variant.codecs).toEqual([avcCodecString(config), 'mp4a.40.2']);
      const file = join(folder, 'segment.mp4');
      await writeFile(file, Buffer.concat([init, segment]));
      const { streams } = await probe(file);
      expect(streams).toMatchObject([{ codec_name: 'h264', ...variant.resolution }]);
      const media = track.read(segment);
      const measured = (media.samples.length * media.timescale) / media.durationTicks;
      expect(Math.abs((variant.frameRate ?? 0) - measured)).toBeLessThan(0.2);
    }
  });

  test('BANDWIDTH covers every segment of video and audio together', async () => {
    const audioPeak = await peakBps('audio/index.m3u8');
    for (const variant of playlist.variants) {
      const peak = (await peakBps(variant.uri)) + audioPeak;
      expect(peak).toBeLessThanOrEqual(variant.bandwidthBps * 1.01);
      expect(variant.averageBandwidthBps ?? 0).toBeGreaterThan(0);
      expect(variant.averageBandwidthBps ?? Infinity).toBeLessThanOrEqual(variant.bandwidthBps);
    }
  });

  async function newestSegment(uri: Variant['uri']): Promise<{ init: Buffer; segment: Buffer }> {
    const id = uri.split('/')[0] ?? '';
    const last = (await stream.playlist(id)).segments.at(-1);
    const [init, segment] = await Promise.all(
      [last?.map?.uri ?? '', last?.uri ?? ''].map(
        async (file) => (await httpGet(stream.rendition(id, file))).body,
      ),
    );
    return { init: init ?? Buffer.alloc(0), segment: segment ?? Buffer.alloc(0) };
  }

  async function peakBps(uri: Variant['uri']): Promise<number> {
    const id = uri.split('/')[0] ?? '';
    const { segments } = await stream.playlist(id);
    let peak = 0;
    for (const { uri: file, durationSec, gap } of segments) {
      if (gap) continue;
      const { body } = await httpGet(stream.rendition(id, file));
      peak = Math.max(peak, (body.length * 8) / durationSec);
    }
    return peak;
  }
});
