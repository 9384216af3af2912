import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OPUS_CODEC_STRING, OPUS_SAMPLE_RATE } from '@tallylight/media/codecs/opus/opus-head.ts';
import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../../../stream/access-unit.ts';
import type { AudioTrack, VideoTrack } from '../../../../stream/track.ts';
import { encodeClip } from '../../../../transcode/testing/encoded-clip.ts';

/** H.264 without B-frames and Opus, as a browser or OBS would send them. */
export interface LiveClip {
  readonly video: VideoTrack;
  readonly audio: AudioTrack;
  readonly durationMs: number;
  /** Both tracks, by time; the video ones first at the same time. */
  readonly units: readonly AccessUnit[];
}

/** Encodes a test card and a tone. GOPs of `gopSec` seconds, 30 pictures a second. */
export async function encodeLiveClip(options: {
  readonly size: string;
  readonly seconds: number;
  readonly kbps: number;
  /** Default 2. */
  readonly gopSec?: number;
}): Promise<LiveClip> {
  const rate = `${options.kbps}k`;
  const gop = String((options.gopSec ?? 2) * 30);
  const flags = ['-tune', 'zerolatency', '-bf', '0', '-x264-params', 'sliced-threads=0', '-g', gop];
  const [clip, sound] = await Promise.all([
    encodeClip({
      size: options.size,
      seconds: options.seconds,
      flags: [...flags, '-b:v', rate, '-maxrate', rate, '-bufsize', rate],
    }),
    encodeOpus(options.seconds),
  ]);
  const audio: AudioTrack = {
    kind: 'audio',
    codec: 'opus',
    codecString: OPUS_CODEC_STRING,
    timescale: MILLISECONDS,
    sampleRate: OPUS_SAMPLE_RATE,
    channels: 2,
    samplesPerFrame: 960,
    config: sound.head,
  };
  const units = [...clip.units, ...sound.units].sort((a, b) => a.pts - b.pts);
  return { video: clip.track, audio, durationMs: options.seconds * 1000, units };
}

async function encodeOpus(
  seconds: number,
): Promise<{ readonly head: Uint8Array; readonly units: readonly AccessUnit[] }> {
  const source = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', String(seconds)];
  const encoder = ['-ac', '2', '-c:a', 'libopus', '-b:a', '64k', '-frame_duration', '20'];
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    ['-v', 'error', ...source, ...encoder, '-f', 'ogg', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024 },
  );
  const [head = new Uint8Array(0), , ...packets] = oggPackets(stdout);
  const wanted = packets.slice(0, seconds * 50);
  const units = wanted.map((payload, index): AccessUnit => {
    const ms = ticks(index * 20);
    return { kind: 'audio', pts: ms, dts: ms, keyframe: true, payload };
  });
  return { head, units };
}

/** The packets of an Ogg file with one stream, RFC 3533 §6. */
function oggPackets(file: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  let at = 0;
  while (at + 27 <= file.length) {
    const segments = file[at + 26] ?? 0;
    let from = at + 27 + segments;
    for (let i = 0; i < segments; i++) {
      const lacing = file[at + 27 + i] ?? 0;
      pieces.push(file.subarray(from, from + lacing));
      from += lacing;
      if (lacing === 255) continue;
      packets.push(new Uint8Array(Buffer.concat(pieces)));
      pieces = [];
    }
    at = from;
  }
  return packets;
}
