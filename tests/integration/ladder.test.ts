import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LintReport, lintStream } from '@tallylight/hls/lint/lint-stream.ts';
import { Parser } from 'm3u8-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../support/ffprobe.ts';
import { beepTimes, flashTimes, makeFlashingClip } from '../support/flashing-clip.ts';
import { FragmentTrack } from '../support/fragment-track.ts';
import { httpGet } from '../support/http-client.ts';
import { lintClock, lintFetch } from '../support/lint-access.ts';
import { type LlReader, openReaders } from '../support/ll-reader.ts';
import { FfmpegPublisher } from '../support/publisher.ts';
import { Tallylight } from '../support/tallylight.ts';

const SECONDS = 9;
const EXPECTED = [
  { id: 'source', codec_name: 'h264', width: 1280, height: 720 },
  { id: '480p', codec_name: 'h264', width: 854, height: 480 },
  { id: '360p', codec_name: 'h264', width: 640, height: 360 },
] as const;

/** A complete segment as downloaded. */
interface Downloaded {
  readonly msn: number;
  readonly init: Buffer;
  readonly bytes: Buffer;
  /** Its listed parts, one after the other; undefined where the playlist lists no parts any more. */
  readonly parts: Buffer | undefined;
}

describe('FFmpeg publishes a file by RTMP', () => {
  let server: Tallylight;
  let publisher: FfmpegPublisher;
  let folder: string;
  let readers: readonly LlReader[];
  let report: LintReport;
  const segments = new Map<string, readonly Downloaded[]>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tallylight-ladder-'));
    const file = await makeFlashingClip({ size: '1280x720', fps: 30, seconds: 16 });
    server = await Tallylight.start({ env: { LADDER: '720p:1500k,480p:800k,360p:400k' } });
    const key = await server.addKey('ladder');
    publisher = FfmpegPublisher.start([
      ...['-v', 'warning', '-re', '-i', file, '-c', 'copy', '-f', 'flv', `${server.rtmpUrl}/${key}`],
    ]);
    readers = await openReaders(server.playlistUrl('ladder'), { atLeast: 4 });
    const lint = { url: server.playlistUrl('ladder'), seconds: SECONDS, fetch: lintFetch, clock: lintClock };
    [report] = await Promise.all([lintStream(lint), ...readers.map((reader) => reader.follow(SECONDS))]);
    for (const reader of readers) segments.set(reader.id, await download(reader));
  });

  afterAll(async () => {
    await publisher.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('every size of the ladder below the source is there, and audio by itself', () => {
    expect(readers.map(({ id }) => id)).toEqual([...EXPECTED.map(({ id }) => id), 'audio']);
    for (const reader of readers) expect(reader.problems).toEqual([]);
  });

  test('the playlists pass the lint', () => {
    expect(report.problems).toEqual([]);
    expect(report.findings.filter(({ level }) => level === 'MUST')).toEqual([]);
  });

  test('a parser from the registry reads the same playlists', async () => {
    for (const reader of readers) {
      const parser = new Parser();
      parser.push((await httpGet(reader.url)).body.toString());
      parser.end();
      const { manifest } = parser;
      expect(manifest.targetDuration).toBe(3);
      expect(manifest.partTargetDuration).toBe(reader.playlist?.partTargetSec);
      expect(manifest.serverControl).toEqual({
        canBlockReload: true,
        canSkipUntil: 18,
        holdBack: 9,
        partHoldBack: 0.648,
      });
      expect(manifest.segments?.filter(({ uri }) => uri !== undefined).length).toBeGreaterThan(2);
      expect(manifest.renditionReports).toHaveLength(readers.length - 1);
    }
  });

  test.each(EXPECTED)(
    'ffprobe sees $id as $width x $height, every frame decoded',
    async ({ id, ...expected }) => {
      const { streams, complaints } = await probe(await joined(id), { count: true });
      const frames = (segments.get(id) ?? []).flatMap((segment) => samplesOf(segment));
      expect(complaints).toBe('');
      expect(streams).toMatchObject([
        { ...expected, profile: 'High', nb_read_frames: String(frames.length) },
      ]);
      // 2 s of 30 pictures each, but for the first segment, which may have begun a little late.
      for (const segment of (segments.get(id) ?? []).slice(1)) expect(samplesOf(segment)).toHaveLength(60);
    },
  );

  test('ffprobe sees the audio as AAC at 48 kHz, every frame decoded', async () => {
    const { streams, complaints } = await probe(await joined('audio'), { count: true });
    const frames = (segments.get('audio') ?? []).flatMap((segment) => samplesOf(segment));
    expect(complaints).toBe('');
    expect(streams).toMatchObject([{ codec_name: 'aac', sample_rate: '48000', channels: 2 }]);
    expect(streams[0]?.nb_read_frames).toBe(String(frames.length));
  });

  test.each(EXPECTED)('lips and sound of $id are at most 40 ms apart', async ({ id }) => {
    const [flashes, beeps] = await Promise.all([
      flashTimes(await joined(id)),
      beepTimes(await joined('audio')),
    ]);
    const offsets = flashes.flatMap((flash) => {
      const nearest = beeps.reduce(
        (best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best),
        -9,
      );
      return Math.abs(nearest - flash) > 0.45 ? [] : [nearest - flash];
    });
    expect(offsets.length).toBeGreaterThanOrEqual(3);
    for (const offset of offsets) expect(Math.abs(offset)).toBeLessThanOrEqual(0.04);
  });

  test('all renditions switch on the same PTS', () => {
    const videos = EXPECTED.map(({ id }) => id);
    const keyframes = videos.map((id) => {
      const all = readers.find((reader) => reader.id === id)?.parts ?? [];
      const times = all.flatMap(({ media }) => (media?.samples ?? []).filter(({ keyframe }) => keyframe));
      return new Set(times.map(({ pts }) => pts));
    });
    const [source = new Set<number>(), ...rungs] = keyframes;
    expect(source.size).toBeGreaterThanOrEqual(3);
    for (const rung of rungs) expect([...rung].filter((pts) => !source.has(pts))).toEqual([]);
    for (const rung of rungs) expect(rung.size).toBeGreaterThanOrEqual(source.size - 1);
    for (const segment of segments.get('source') ?? []) {
      for (const id of videos) {
        const other = segments.get(id)?.find(({ msn }) => msn === segment.msn);
        if (other !== undefined) expect(samplesOf(other)[0]?.pts).toBe(samplesOf(segment)[0]?.pts);
      }
    }
  });

  test('a picture has the same PTS in every rendition', () => {
    const [source, ...rungs] = EXPECTED.map(({ id }) => {
      const segment = segments.get(id)?.find(({ msn }) => msn === commonMsn());
      return segment === undefined ? [] : samplesOf(segment).map(({ pts }) => pts);
    });
    expect(source).toHaveLength(60);
    for (const rung of rungs) expect(rung).toEqual(source);
  });

  test('the parts of a segment, one after the other, are the segment', () => {
    for (const reader of readers) {
      const listed = (segments.get(reader.id) ?? []).filter(({ parts }) => parts !== undefined);
      expect(listed.length).toBeGreaterThanOrEqual(2);
      for (const { parts, bytes } of listed) expect(parts?.equals(bytes)).toBe(true);
    }
  });

  test('time has no hole, and no part is over the target', () => {
    for (const reader of readers) {
      expect(reader.holes).toEqual([]);
      expect(reader.wrongDurations).toEqual([]);
      expect(reader.shortParts).toEqual([]);
      expect(reader.dependentSegments).toEqual([]);
    }
  });

  /** The second newest segment of the source that all renditions have. */
  function commonMsn(): number {
    const lists = EXPECTED.map(({ id }) => new Set((segments.get(id) ?? []).map(({ msn }) => msn)));
    const common = (segments.get('source') ?? []).filter(({ msn }) => lists.every((list) => list.has(msn)));
    return common.at(-1)?.msn ?? 0;
  }

  /** Init section and segments of a rendition as one file. */
  async function joined(id: string): Promise<string> {
    const all = segments.get(id) ?? [];
    const path = join(folder, `${id}.mp4`);
    await writeFile(path, Buffer.concat([all[0]?.init ?? Buffer.alloc(0), ...all.map(({ bytes }) => bytes)]));
    return path;
  }
});

function samplesOf({ init, bytes }: Downloaded): ReturnType<FragmentTrack['read']>['samples'] {
  const track = new FragmentTrack();
  track.setInit(init);
  return track.read(bytes).samples;
}

async function download(reader: LlReader): Promise<Downloaded[]> {
  const { playlist, url } = reader;
  const file = async (uri: string): Promise<Buffer> => (await httpGet(new URL(uri, url).href)).body;
  const all: Downloaded[] = [];
  for (const [at, { gap, uri, map, parts }] of (playlist?.segments ?? []).entries()) {
    if (gap) continue;
    const pieces = await Promise.all(parts.map((part) => file(part.uri)));
    all.push({
      msn: (playlist?.mediaSequence ?? 0) + at,
      init: await file(map?.uri ?? ''),
      bytes: await file(uri),
      parts: pieces.length === 0 ? undefined : Buffer.concat(pieces),
    });
  }
  return all;
}
