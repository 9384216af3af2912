import { ticks, timescale } from '@tallylight/media/time/ticks.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { AudioTrack, VideoTrack } from '../../stream/track.ts';

/** A clock that stands still until it is turned. */
export class ManualClock implements Clock {
  ms = 1_800_000_000_000;
  now(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
}

/** A 720p H.264 track with a made-up decoder configuration record; nothing decodes it. */
export const videoTrack: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.64001f',
  timescale: timescale(1000),
  width: 1280,
  height: 720,
  config: new Uint8Array([1, 0x64, 0, 0x1f, 0xff, 0xe0, 0]),
};

/** An AAC track of the given sample rate. */
export function audioTrack(sampleRate: number): AudioTrack {
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    timescale: timescale(1000),
    sampleRate,
    channels: 2,
    samplesPerFrame: 1024,
    config: new Uint8Array([0x11, 0x90]),
  };
}

/** A picture or audio frame of recognisable bytes. */
export function unit(
  kind: AccessUnit['kind'],
  ptsMs: number,
  options?: { key?: boolean; dtsMs?: number; size?: number },
): AccessUnit {
  const payload = new Uint8Array(options?.size ?? 100).fill(ptsMs & 0xff);
  const dts = ticks(Math.round(options?.dtsMs ?? ptsMs));
  return {
    kind,
    pts: ticks(Math.round(ptsMs)),
    dts,
    keyframe: kind === 'audio' || options?.key === true,
    payload,
  };
}
