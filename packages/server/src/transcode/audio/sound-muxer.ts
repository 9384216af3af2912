import { silentAacFrame } from '@tallylight/media/codecs/aac/silent-frame.ts';
import { parseOpusHead, writeOpusHead } from '@tallylight/media/codecs/opus/opus-head.ts';
import { opusPacketSamples } from '@tallylight/media/codecs/opus/packet-duration.ts';
import { writeAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { writeFlvHeader, writeFlvTag } from '@tallylight/media/flv/flv-writer.ts';
import { LiveMatroskaWriter } from '@tallylight/media/matroska/live-matroska-writer.ts';
import type { AudioTrack } from '../../stream/track.ts';

/** Wraps a track's sound for FFmpeg's stdin, and knows how long a frame is and what stands in for a lost one. */
export interface SoundMuxer {
  /** Milliseconds by which the sound lies before its stamps: the sender's encoder looked ahead. */
  readonly leadMs: number;
  /** How far a stamp may stray, in milliseconds, before it means a hole. */
  readonly holeMs: number;
  /** What comes before the first frame. */
  header(): readonly Uint8Array[];
  /** One frame at a time of the child's own, as pieces for a gathering write. */
  frame(payload: Uint8Array, ms: number): readonly Uint8Array[];
  /** Seconds of sound in a frame; undefined when it is malformed. */
  durationSec(payload: Uint8Array): number | undefined;
  /** Stands in for what was lost behind the last frame; undefined when nothing can. */
  filler(): Uint8Array | undefined;
}

/** The muxer for a track. Throws CodecFormatError for a configuration that cannot be read. */
export function soundMuxer(track: AudioTrack): SoundMuxer {
  return track.codec === 'opus' ? opusMuxer(track) : aacMuxer(track);
}

const OPUS_RATE = 48_000;
/** RTP stamps count samples: almost 20 ms too much is a packet lost, or the work of sender reports that correct a clock. */
const OPUS_HOLE_MS = 17;
/** RTMP loses nothing, but encoders stamp carelessly. */
const AAC_HOLE_MS = 100;

function opusMuxer(track: AudioTrack): SoundMuxer {
  const head = parseOpusHead(track.config);
  const writer = new LiveMatroskaWriter({
    tracks: [
      {
        kind: 'audio',
        codecId: 'A_OPUS',
        // Nothing is skipped: what is decoded must be as long as what was sent.
        codecPrivate: writeOpusHead({ ...head, preSkip: 0 }),
        sampleRate: OPUS_RATE,
        channels: head.channels,
      },
    ],
  });
  let lastToc = 0xfc;
  return {
    leadMs: (head.preSkip * 1000) / OPUS_RATE,
    holeMs: OPUS_HOLE_MS,
    header: () => [writer.header()],
    frame: (payload, ms) => {
      lastToc = payload[0] ?? lastToc;
      return writer.block({ track: 1, timestamp: Math.round(ms), keyframe: true, payload });
    },
    durationSec: (payload) => {
      const samples = opusPacketSamples(payload);
      return samples === undefined ? undefined : samples / OPUS_RATE;
    },
    // RFC 6716 §3.2.1: one frame of no bytes is a lost one; the decoder conceals it from the sound before.
    filler: () => Uint8Array.of(lastToc & 0xfc),
  };
}

function aacMuxer(track: AudioTrack): SoundMuxer {
  const silence = silenceFor(track.channels);
  const common = { codec: 'mp4a', enhanced: false, trackId: 0, otherTrackIds: [] } as const;
  const tag = (timestampMs: number, body: readonly Uint8Array[]): readonly Uint8Array[] =>
    writeFlvTag({ type: 'audio', timestampMs, body });
  return {
    leadMs: 0,
    holeMs: AAC_HOLE_MS,
    header: () => [
      writeFlvHeader({ video: false, audio: true }),
      ...tag(0, writeAudioTag({ kind: 'config', ...common, config: track.config })),
    ],
    frame: (payload, ms) =>
      tag(Math.round(ms), writeAudioTag({ kind: 'frames', ...common, nanosecondOffset: 0, payload })),
    durationSec: (payload) => (payload.length === 0 ? undefined : track.samplesPerFrame / track.sampleRate),
    filler: () => silence,
  };
}

function silenceFor(channels: number): Uint8Array | undefined {
  try {
    return silentAacFrame(channels);
  } catch {
    return undefined;
  }
}
