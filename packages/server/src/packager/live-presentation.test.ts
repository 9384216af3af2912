import { readFragments } from '@tallylight/media/isobmff/read-fragment.ts';
import { describe, expect, test } from 'vitest';
import { WallClockMapping } from '../stream/wall-clock.ts';
import { LivePresentation, SOURCE_FEED } from './live-presentation.ts';
import { defaultPackagerOptions, partTargetSec } from './packager-options.ts';
import type { RenditionFeed } from './presentation.ts';
import { audioTrack, ManualClock, unit, videoTrack } from './testing/source.ts';

const TARGET = partTargetSec(200);

function open(sampleRate = 48_000): {
  clock: ManualClock;
  presentation: LivePresentation;
  wallClock: WallClockMapping;
} {
  const clock = new ManualClock();
  const wallClock = new WallClockMapping();
  const presentation = new LivePresentation({
    streamId: 's',
    packager: defaultPackagerOptions,
    clock,
    wallClock,
    trackSilenceMs: 250,
    audioTrack: audioTrack(sampleRate),
    hasVideo: true,
    afterMsn: 0,
  });
  presentation.setSource(videoTrack);
  presentation.planned = true;
  return { clock, presentation, wallClock };
}

/** Plays `seconds` of pictures at `fps` (rounded to ms, as RTMP does) with a keyframe every `gopSec`, and sound beside them. */
function play(
  opened: ReturnType<typeof open>,
  options: {
    fps: number;
    gopSec: number;
    seconds: number;
    sampleRate?: number;
    jitterMs?: () => number;
    fromMs?: number;
  },
): void {
  const { presentation, clock, wallClock } = opened;
  const from = options.fromMs ?? 10_000;
  const base = clock.ms - from;
  let frame = 0;
  for (let index = 0; index < options.seconds * options.fps; index += 1) {
    const at = from + Math.round((index * 1000) / options.fps + (options.jitterMs?.() ?? 0));
    for (; from + (frame * 1024 * 1000) / (options.sampleRate ?? 48_000) <= at; frame += 1) {
      presentation.pushAudio(unit('audio', from + (frame * 1024 * 1000) / (options.sampleRate ?? 48_000)));
    }
    clock.ms = base + at;
    wallClock.observe(at, clock.ms);
    const picture = unit('video', at, { key: index % Math.round(options.gopSec * options.fps) === 0 });
    presentation.observeVideo(picture);
    presentation.pushSource(picture);
  }
}

function feed(presentation: LivePresentation, id: string): RenditionFeed {
  const rendition = presentation.renditions().get(id);
  if (rendition === undefined) throw new Error(`no rendition ${id}`);
  return rendition;
}

/** Rules 15 and 16 of an origin: no part above PART-TARGET, none but a segment's last below 85 % of it. */
function expectLegalParts(rendition: RenditionFeed): void {
  for (const segment of rendition.playlist().segments) {
    segment.parts.forEach((part, index) => {
      expect(part.durationSec).toBeLessThanOrEqual(TARGET);
      const exempt = part.independent && rendition.id !== 'audio';
      if (index < segment.parts.length - 1 && !exempt)
        expect(part.durationSec).toBeGreaterThanOrEqual(0.85 * TARGET);
    });
  }
}

describe('parts (rfc8216bis §4.4.4.9)', () => {
  test.each([23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 20, 15])(
    'last 85 to 100 per cent of PART-TARGET at %s fps',
    (fps) => {
      const opened = open();
      play(opened, { fps, gopSec: 2, seconds: 9 });
      expectLegalParts(feed(opened.presentation, 'source'));
    },
  );

  test.each([16_000, 22_050, 24_000, 32_000, 44_100, 48_000])(
    'last 85 to 100 per cent of PART-TARGET with AAC at %s Hz',
    (sampleRate) => {
      const opened = open(sampleRate);
      play(opened, { fps: 30, gopSec: 2, seconds: 9, sampleRate });
      expectLegalParts(feed(opened.presentation, 'audio'));
    },
  );

  test('never exceed PART-TARGET when timestamps jitter by 12 ms', () => {
    const opened = open();
    let seed = 7;
    const jitterMs = (): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return (seed % 25) - 12;
    };
    play(opened, { fps: 30, gopSec: 2, seconds: 9, jitterMs });
    for (const segment of feed(opened.presentation, 'source').playlist().segments) {
      for (const part of segment.parts) expect(part.durationSec).toBeLessThanOrEqual(TARGET);
    }
  });
});

describe('timeline', () => {
  test.each(['source', 'audio'])('decode times of %s run without a hole over parts and segments', (id) => {
    const opened = open();
    play(opened, { fps: 29.97, gopSec: 2, seconds: 9 });
    const rendition = feed(opened.presentation, id);
    let expected: number | undefined;
    for (const segment of rendition.playlist().segments.filter((candidate) => !candidate.gap)) {
      const parts = rendition.media(segment.uri) ?? [];
      for (const part of parts) {
        const [fragment] = readFragments(part);
        if (fragment === undefined) throw new Error('part without fragment');
        if (expected !== undefined) expect(fragment.baseMediaDecodeTime).toBe(expected);
        expected =
          fragment.baseMediaDecodeTime +
          fragment.samples.reduce((sum, sample) => sum + sample.durationTicks, 0);
      }
    }
    expect(expected).toBeGreaterThan(0);
  });

  test('presentation times are the source’s, to the millisecond', () => {
    const opened = open();
    play(opened, { fps: 29.97, gopSec: 2, seconds: 6 });
    const rendition = feed(opened.presentation, 'source');
    const presented: number[] = [];
    for (const segment of rendition.playlist().segments.filter((candidate) => !candidate.gap)) {
      for (const part of rendition.media(segment.uri) ?? []) {
        for (const sample of readFragments(part).flatMap((fragment) => fragment.samples))
          presented.push(sample.pts / 90);
      }
    }
    expect(presented).toEqual(presented.map((_, index) => 10_000 + Math.round((index * 1000) / 29.97)));
  });
});

describe('segments', () => {
  test('begin at the same number and time in every rendition', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 11 });
    const [video, audio] = ['source', 'audio'].map((id) => feed(opened.presentation, id).playlist());
    expect(video?.mediaSequence).toBe(audio?.mediaSequence);
    expect(video?.segments.map((segment) => segment.programDateTimeMs)).toEqual(
      audio?.segments.map((segment) => segment.programDateTimeMs),
    );
    expect(video?.segments.every((segment) => Math.round(segment.durationSec) <= 3)).toBe(true);
  });

  test('short GOPs are joined to segments of two seconds, long ones are cut before they outlast the target', () => {
    const short = open();
    play(short, { fps: 30, gopSec: 0.5, seconds: 9 });
    const durations = feed(short.presentation, 'source')
      .playlist()
      .segments.filter((s) => !s.gap)
      .map((s) => s.durationSec);
    expect(durations.every((duration) => Math.abs(duration - 2) < 0.01)).toBe(true);
    const long = open();
    play(long, { fps: 30, gopSec: 8, seconds: 9 });
    for (const segment of feed(long.presentation, 'source').playlist().segments) {
      expect(Math.round(segment.durationSec)).toBeLessThanOrEqual(3);
    }
  });

  test('a cold playlist lists gaps before the first part, and drops them later', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 0.5 });
    expect(
      feed(opened.presentation, 'source')
        .playlist()
        .segments.map((s) => s.gap),
    ).toEqual([true, true, true]);
    play(opened, { fps: 30, gopSec: 2, seconds: 14, fromMs: 12_000 });
    expect(
      feed(opened.presentation, 'source')
        .playlist()
        .segments.some((s) => s.gap),
    ).toBe(false);
  });

  test('a publisher that returns makes one discontinuity, in every rendition, and numbers go on', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 5 });
    const before = feed(opened.presentation, 'source').edge.msn;
    opened.presentation.interrupt();
    play(opened, { fps: 30, gopSec: 2, seconds: 5, fromMs: 20_000 });
    const lists = ['source', 'audio'].map((id) => feed(opened.presentation, id).playlist());
    for (const list of lists) {
      const marked = [...list.segments, ...(list.open === undefined ? [] : [list.open])].filter(
        (s) => s.discontinuity,
      );
      expect(marked).toHaveLength(1);
    }
    expect(feed(opened.presentation, 'source').edge.msn).toBeGreaterThan(before);
    expect(lists[0]?.discontinuitySequence).toBe(lists[1]?.discontinuitySequence);
  });

  test('an ended stream lists no hint and no parts, and every rendition ends', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 5 });
    opened.presentation.end();
    for (const rendition of opened.presentation.renditions().values()) {
      expect(rendition.playlist()).toMatchObject({ endList: true, preloadHints: [] });
      expect(rendition.playlist().segments.every((segment) => segment.parts.length === 0)).toBe(true);
    }
  });
});

describe('silence', () => {
  test('fills audio that stops, so that it never falls more than the limit behind the video', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 4 });
    const { presentation } = opened;
    for (let at = 14_000; at < 20_000; at += 33) {
      const picture = unit('video', at, { key: (at - 14_000) % 1980 === 0 });
      presentation.observeVideo(picture);
      presentation.pushSource(picture);
    }
    const endMs = (id: string): number => {
      const { segments, open: head } = feed(presentation, id).playlist();
      const last = head ?? segments.at(-1);
      const seconds = (last?.parts ?? []).reduce((sum, part) => sum + part.durationSec, 0);
      return (last?.programDateTimeMs ?? 0) + seconds * 1000;
    };
    expect(Math.abs(endMs('audio') - endMs('source'))).toBeLessThan(500);
  });

  test('sound that begins late and lags behind the pictures is placed at its own time, never behind its silence', () => {
    const { presentation } = open();
    let sound = 12_000;
    for (let at = 10_000; at < 16_000; at += 33) {
      const picture = unit('video', at, { key: (at - 10_000) % 1980 === 0 });
      presentation.observeVideo(picture);
      presentation.pushSource(picture);
      // An encoder of sound gives its frames 90 ms behind the pictures, when silence has filled their place.
      for (; sound < at - 90; sound += 1024 / 48) presentation.pushAudio(unit('audio', sound));
    }
    const { segments } = feed(presentation, 'audio').playlist();
    const samples = segments
      .filter(({ gap }) => !gap)
      .flatMap(({ uri }) => {
        const bytes = Buffer.concat(feed(presentation, 'audio').media(uri) ?? []);
        return readFragments(bytes).flatMap((fragment) => fragment.samples);
      });
    const first = samples.find(({ payload }) => payload.byteLength === 100);
    const placedMs = (first?.dts ?? 0) / 48;
    // The payload of a test's frame is its time, modulo 256.
    const ownMs = [...Array(256).keys()]
      .map((ms) => ms + 12_000)
      .find((ms) => (ms & 0xff) === first?.payload[0]);
    expect(ownMs).toBeGreaterThan(12_040);
    expect(Math.abs(placedMs - (ownMs ?? 0))).toBeLessThan(12);
  });
});

describe('a source that cannot be packaged', () => {
  test('is shown by no rendition; what is encoded of it is', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 4 });
    const { presentation } = opened;
    const before = feed(presentation, 'source').version;
    presentation.interrupt();
    presentation.setSource({ ...videoTrack, codec: 'vp8', codecString: 'vp8', config: new Uint8Array(0) });
    play(opened, { fps: 30, gopSec: 2, seconds: 2, fromMs: 15_000 });
    const interrupted = feed(presentation, 'source').version;
    expect(interrupted).toBeLessThanOrEqual(before + 2);
    presentation.setFeedTrack('encoded', videoTrack);
    presentation.switchFeeds(new Map([['source', 'encoded']]), 17_000);
    play(opened, { fps: 30, gopSec: 2, seconds: 0.1, fromMs: 17_000 });
    presentation.pushEncoded('encoded', unit('video', 17_000, { key: true }));
    for (let at = 17_033; at < 18_000; at += 33) presentation.pushEncoded('encoded', unit('video', at));
    expect(feed(presentation, 'source').version).toBeGreaterThan(interrupted);
  });

  test('a source that is not to be shown is not either, until renditions are switched to it', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 4 });
    const { presentation } = opened;
    presentation.interrupt();
    const before = feed(presentation, 'source').version;
    presentation.setSource({ ...videoTrack, width: 1920, height: 1080 }, false);
    play(opened, { fps: 30, gopSec: 2, seconds: 2, fromMs: 15_000 });
    expect(feed(presentation, 'source').version).toBeLessThanOrEqual(before + 1);
    expect(presentation.video('source')?.track?.width).toBe(videoTrack.width);
    presentation.switchFeeds(new Map([['source', SOURCE_FEED]]), 17_000);
    play(opened, { fps: 30, gopSec: 2, seconds: 2, fromMs: 17_000 });
    expect(feed(presentation, 'source').version).toBeGreaterThan(before + 1);
    expect(presentation.video('source')?.track?.width).toBe(1920);
  });

  test('pictures that a slow encoder delivers after the publisher has left make no part too short', () => {
    const opened = open();
    play(opened, { fps: 30, gopSec: 2, seconds: 4.9 });
    opened.presentation.interrupt();
    const parts = feed(opened.presentation, 'source').playlist().open?.parts.length;
    opened.presentation.pushSource(unit('video', 14_940));
    opened.presentation.pushSource(unit('video', 14_973));
    opened.presentation.interrupt();
    expect(feed(opened.presentation, 'source').playlist().open?.parts.length).toBe(parts);
  });
});
