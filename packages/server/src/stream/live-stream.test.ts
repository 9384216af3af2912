import { ticks, timescale } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { LiveStream } from './live-stream.ts';
import type { StreamReader } from './reader.ts';
import type { VideoTrack } from './track.ts';

const track: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c01e',
  timescale: timescale(1000),
  width: 640,
  height: 360,
  config: new Uint8Array(),
};

function open(): {
  stream: LiveStream;
  clock: { ms: number };
  write: (ms: number, keyframe?: boolean, bytes?: number) => void;
} {
  const clock = { ms: 0, now: () => clock.ms, monotonicMs: () => clock.ms };
  const stream = new LiveStream({ streamId: 's', clock, log: silentLogger });
  stream.beginPublisher();
  stream.writeTrack(track);
  const write = (ms: number, keyframe = false, bytes = 10): void => {
    clock.ms = ms;
    stream.writeUnit({
      kind: 'video',
      pts: ticks(ms),
      dts: ticks(ms),
      keyframe,
      payload: new Uint8Array(bytes),
    });
  };
  return { stream, clock, write };
}

function taken(reader: StreamReader): (number | string)[] {
  const events: (number | string)[] = [];
  for (let event = reader.take(); event !== undefined; event = reader.take()) {
    events.push(event.type === 'unit' ? event.unit.dts : 'track');
  }
  return events;
}

describe('LiveStream', () => {
  test('a reader begins with the tracks and then at a keyframe', () => {
    const { stream, write } = open();
    write(0, true);
    write(33);
    const reader = stream.read({ onReadable: () => {} });
    write(66);
    write(100, true);
    expect(taken(reader)).toEqual(['track', 10_100]);
  });

  test('a reader may begin with the pictures since the last keyframe', () => {
    const { stream, write } = open();
    write(0, true);
    write(33);
    const reader = stream.read({ onReadable: () => {}, replayGop: true });
    write(66);
    expect(taken(reader)).toEqual(['track', 10_000, 10_033, 10_066]);
  });

  test('a slow reader is dropped to the next keyframe, and the others lose nothing', () => {
    const { stream, write } = open();
    const slow = stream.read({ onReadable: () => {}, limits: { maxQueuedBytes: 1000, maxQueuedUnits: 100 } });
    const seen: number[] = [];
    stream.read({
      onReadable: (quick) => {
        for (let event = quick.take(); event !== undefined; event = quick.take()) {
          if (event.type === 'unit') seen.push(event.unit.dts);
        }
      },
    });
    write(0, true, 500);
    write(33, false, 400);
    write(66, false, 400);
    write(100, false, 400);
    write(133, true, 500);
    expect(taken(slow)).toEqual(['track', 10_133]);
    expect(slow.dropped).toBe(4);
    expect(seen).toEqual([10_000, 10_033, 10_066, 10_100, 10_133]);
  });

  test('the clock goes on over publishers by the time that passed', () => {
    const { stream, clock, write } = open();
    write(0, true);
    write(1000, true);
    clock.ms = 6000;
    stream.beginPublisher();
    stream.writeTrack(track);
    const reader = stream.read({ onReadable: () => {} });
    stream.writeUnit({
      kind: 'video',
      pts: ticks(0),
      dts: ticks(0),
      keyframe: true,
      payload: new Uint8Array(1),
    });
    expect(taken(reader)).toEqual(['track', 16_000]);
  });
});
