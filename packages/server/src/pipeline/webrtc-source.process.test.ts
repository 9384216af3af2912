import { lintStream } from '@tallylight/hls/lint/lint-stream.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lintClock, lintFetch } from '../../../../tests/support/lint-access.ts';
import { LlReader, openReaders } from '../../../../tests/support/ll-reader.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import { opusClicks } from '../transcode/audio/testing/clicks.ts';
import { type EncodedClip, encodeClip } from '../transcode/testing/encoded-clip.ts';
import { encodeVp8Clip } from '../transcode/testing/vp8-clip.ts';
import { clickOffsetsMs } from './testing/av-offset.ts';
import { type ClipEvent, clipEvents, playLive } from './testing/live-clip.ts';
import { PipelineServer } from './testing/pipeline-server.ts';
import { renditionFile } from './testing/rendition-file.ts';

const START_MS = 50_000;
const SECONDS = 9;
/** A white picture at each full second, and the middle of a click 4 ms later. */
const FLASH = "drawbox=color=white:t=fill:enable='lt(mod(t+0.001,1),0.1)'";
const CLICKS_MS = Array.from({ length: SECONDS }, (_, second) => second * 1000 + 4).slice(1);
const STEPS = [
  { shortSide: 360, bitrateBps: 400_000 },
  { shortSide: 180, bitrateBps: 150_000 },
];

const BASELINE = ['-tune', 'zerolatency', '-bf', '0', '-profile:v', 'baseline'];
/** What a static screen share becomes. */
const SLOW = { size: '640x360', seconds: 10, startMs: START_MS, rate: 1 };

let server: PipelineServer;
beforeAll(async () => {
  server = await PipelineServer.start({ steps: STEPS });
});
afterAll(() => server.close());

function h264(size = '640x360', seconds = SECONDS, startMs = START_MS): Promise<EncodedClip> {
  const flags = [...BASELINE, '-g', '60', '-vf', FLASH];
  return encodeClip({ size, seconds, startMs, flags });
}

function vp8(size = '640x360', seconds = SECONDS, startMs = START_MS): Promise<EncodedClip> {
  return encodeVp8Clip({ size, seconds, startMs, filter: FLASH });
}

/** Warnings and errors about a stream. */
function complaints(streamId: string): readonly string[] {
  return server.log
    .filter(
      ({ level, fields }) => level !== 'info' && (fields as { streamId?: string }).streamId === streamId,
    )
    .map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
}

interface Played {
  readonly readers: readonly LlReader[];
  readonly report: Awaited<ReturnType<typeof lintStream>>;
}

/** Watches a stream as players and the linter do, for so many seconds of media. */
async function watch(streamId: string, renditions: number, seconds: number): Promise<Played> {
  const url = server.url(streamId);
  const readers = await openReaders(url, { atLeast: renditions });
  const [report] = await Promise.all([
    lintStream({ url, seconds, fetch: lintFetch, clock: lintClock }),
    ...readers.map((reader) => reader.follow(seconds)),
  ]);
  return { readers, report };
}

/** A rendition as one file. */
function file(streamId: string, rendition: string): Uint8Array {
  return renditionFile(server.sessions.presentation(streamId), rendition);
}

/** Rules of the linter that say when something came, not what. */
const OF_TIME: ReadonlySet<number> = new Set([39]);

/** What the linter found against the RFC: what is wrong in the playlists, or what came too late. */
function broken({ report }: Played, { late }: { readonly late: boolean }): typeof report.findings {
  return report.findings.filter(({ level, rule }) => level === 'MUST' && OF_TIME.has(rule) === late);
}

function expectWhole(played: Played, ids: readonly string[]): void {
  const { readers, report } = played;
  expect(broken(played, { late: false })).toEqual([]);
  expect(report.problems).toEqual([]);
  expect(readers.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  for (const reader of readers) {
    const { id, problems, holes, wrongDurations, dependentSegments } = reader;
    expect({ id, problems, holes, wrongDurations, dependentSegments }).toEqual({
      id,
      problems: [],
      holes: [],
      wrongDurations: [],
      dependentSegments: [],
    });
  }
  for (const reader of readers) expect(reader.playBack(0.5).stalls, `in time: ${reader.id}`).toBe(0);
  expect(broken(played, { late: true }), 'in time').toEqual([]);
}

// Only what depends on the machine's leisure has a second chance: parts that came late. What is wrong in them never has.
describe('a WebRTC source', { retry: { count: 1, condition: /^in time/ } }, () => {
  test.each([
    { codec: 'H.264', make: () => h264() },
    { codec: 'VP8', make: () => vp8() },
  ])('$codec and Opus are played as H.264 and AAC, lips in step', async ({ codec, make }) => {
    const streamId = nextId(codec.toLowerCase().replace('.', ''));
    const clips = [
      await make(),
      await opusClicks({ seconds: SECONDS, clicksMs: CLICKS_MS, startMs: START_MS }),
    ];
    const sink = server.publish(streamId);
    sink.expectTracks({ video: true, audio: true });
    const playing = playLive(sink, clipEvents(clips));
    const played = await watch(streamId, 3, 5);
    await playing;
    expectWhole(played, ['audio', 'source', '180p']);
    const audio = file(streamId, 'audio');
    for (const id of ['source', '180p']) {
      const offsets = await clickOffsetsMs({ video: file(streamId, id), audio });
      expect(offsets.length, id).toBeGreaterThanOrEqual(4);
      // The click begins with the flash.
      for (const offset of offsets) expect(Math.abs(offset), `${id}: ${String(offsets)}`).toBeLessThan(25);
    }
    expect(complaints(streamId)).toEqual([]);
    sink.end('unpublished');
  });

  test.each([
    { codec: 'H.264', make: h264, discontinuities: 2 },
    // The smaller pictures are scaled up, for nobody sees the source itself.
    { codec: 'VP8', make: vp8, discontinuities: 1 },
  ])(
    '$codec that changes its size goes on, with $discontinuities discontinuities for three sizes',
    async ({ codec, make, discontinuities }) => {
      const streamId = nextId(`size-${codec.toLowerCase().replace('.', '')}`);
      // As a browser whose network narrows, and then the camera is turned.
      const large = await make('640x360', 4);
      const small = await make('480x270', 3, START_MS + 4000);
      const portrait = await make('270x480', 4, START_MS + 7000);
      const sound = await opusClicks({
        seconds: 11,
        clicksMs: [...CLICKS_MS, 9004, 10_004],
        startMs: START_MS,
      });
      const soundEvents = clipEvents([sound]);
      const [begin, ...turns] = [large, small, portrait].map((clip) => clipEvents([clip]));
      const events = [...soundEvents.slice(0, 1), ...(begin ?? []), ...turns.flat()];
      // Each turn's track stands right before its first picture.
      for (const event of soundEvents.slice(1)) {
        const at = events.findIndex((other) => 'unit' in other && timeOf(other) > timeOf(event));
        events.splice(at === -1 ? events.length : at, 0, event);
      }
      const sink = server.publish(streamId);
      sink.expectTracks({ video: true, audio: true });
      const playing = playLive(sink, events);
      const played = await watch(streamId, 3, 9);
      await playing;
      expect(broken(played, { late: false })).toEqual([]);
      expect(played.report.problems).toEqual([]);
      for (const reader of played.readers) {
        expect(reader.holes, reader.id).toEqual([]);
        expect(reader.mediaSec, reader.id).toBeGreaterThanOrEqual(9);
        const found = reader.parts.filter(({ discontinuity }) => discontinuity);
        expect(found, reader.id).toHaveLength(discontinuities);
      }
      expect(complaints(streamId)).toEqual([]);
      for (const reader of played.readers) {
        expect(reader.playBack(0.5).stalledMs, `in time: ${reader.id}`).toBeLessThan(700);
      }
      expect(broken(played, { late: true }), 'in time').toEqual([]);
      sink.end('unpublished');
    },
  );

  test.each([
    {
      codec: 'H.264',
      make: () => encodeClip({ ...SLOW, flags: [...BASELINE, '-g', '2'] }).then(withoutRate),
    },
    { codec: 'VP8', make: () => encodeVp8Clip({ ...SLOW, gop: 2 }) },
  ])('a $codec screen share that falls to 1 fps is played without a stop', async ({ codec, make }) => {
    const streamId = nextId(`slow-${codec.toLowerCase().replace('.', '')}`);
    const clips = [await make(), await opusClicks({ seconds: 10, clicksMs: CLICKS_MS, startMs: START_MS })];
    const sink = server.publish(streamId);
    sink.expectTracks({ video: true, audio: true });
    const playing = playLive(sink, clipEvents(clips));
    const played = await watch(streamId, 3, 6);
    await playing;
    expectWhole(played, ['audio', 'source', '180p']);
    for (const { id, parts } of played.readers) {
      const pictures = parts.reduce((sum, { media }) => sum + (media?.samples.length ?? 0), 0);
      expect(pictures, id).toBeGreaterThan(6 * 20);
    }
    expect(complaints(streamId)).toEqual([]);
    sink.end('unpublished');
  });

  test('sound that comes late, is muted and comes back is heard at its time', async () => {
    const streamId = nextId('muted');
    const video = await h264('640x360', 12);
    const clicksMs = [...CLICKS_MS, 9004, 10_004, 11_004];
    const sound = await opusClicks({ seconds: 12, clicksMs, startMs: START_MS });
    const sink = server.publish(streamId);
    const heard = (unit: AccessUnit): boolean => {
      const ms = unit.pts - START_MS;
      return unit.kind === 'video' || (ms > 2500 && !(ms > 5500 && ms < 7500));
    };
    const [videoEvents, soundEvents] = [clipEvents([video]), clipEvents([sound])];
    const first = videoEvents.findIndex((event) => 'unit' in event && event.unit.pts >= START_MS + 2000);
    const merged = [
      ...videoEvents.slice(0, first),
      ...soundEvents.slice(0, 1),
      ...[...videoEvents.slice(first), ...soundEvents.slice(1)].sort((a, b) => timeOf(a) - timeOf(b)),
    ];
    const playing = playLive(sink, merged, heard);
    const played = await watch(streamId, 3, 9);
    await playing;
    expectWhole(played, ['audio', 'source', '180p']);
    expect(played.readers.flatMap(({ parts }) => parts.filter(({ discontinuity }) => discontinuity))).toEqual(
      [],
    );
    const offsets = await clickOffsetsMs({
      video: file(streamId, 'source'),
      audio: file(streamId, 'audio'),
    });
    // Seconds 3, 4, 5, 8 and 9.
    expect(offsets).toHaveLength(5);
    for (const offset of offsets) expect(Math.abs(offset), String(offsets)).toBeLessThan(25);
    sink.end('unpublished');
  });

  test('a publisher that comes back, with another codec even, is watched on', async () => {
    const streamId = nextId('back');
    const clips = await Promise.all([
      Promise.all([h264('640x360', 4), opusClicks({ seconds: 4, clicksMs: CLICKS_MS, startMs: START_MS })]),
      Promise.all([vp8('640x360', 6), opusClicks({ seconds: 6, clicksMs: CLICKS_MS, startMs: START_MS })]),
    ]);
    const watching = watch(streamId, 3, 7);
    for (const clip of clips) {
      const sink = server.publish(streamId);
      sink.expectTracks({ video: true, audio: true });
      await playLive(sink, clipEvents(clip));
      sink.end('connection-lost');
    }
    const played = await watching;
    expect(broken(played, { late: false })).toEqual([]);
    for (const reader of played.readers) {
      expect(reader.problems, reader.id).toEqual([]);
      expect(reader.mediaSec, reader.id).toBeGreaterThanOrEqual(7);
    }
    expect(complaints(streamId)).toEqual([]);
    expect(broken(played, { late: true }), 'in time').toEqual([]);
  });
});

let streams = 0;

/** A stream of its own for each try. */
function nextId(name: string): string {
  streams += 1;
  return `${name}-${streams}`;
}

/** WebRTC announces no frame rate. */
function withoutRate({ track, units }: EncodedClip): EncodedClip {
  const { kind, codec, codecString, timescale, width, height, config } = track;
  return { track: { kind, codec, codecString, timescale, width, height, config }, units };
}

function timeOf(event: ClipEvent): number {
  return 'unit' in event ? event.unit.dts : 0;
}
