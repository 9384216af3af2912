import { opusPacketSamples } from '@tallylight/media/codecs/opus/packet-duration.ts';
import { parseAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { type AudioTarget, OPUS_BITRATE_BPS, OPUS_FRAME_MS } from '../ffmpeg/audio-args.ts';

/** Reads coded frames out of what FFmpeg writes. */
export interface SoundDemuxer {
  /** Takes the next piece. Throws when it is not what was asked for. */
  push(bytes: Uint8Array): void;
}

/** The demuxer of an encoder's output; `onFrame` gets each coded frame in turn. */
export function soundDemuxer(target: AudioTarget, onFrame: (payload: Uint8Array) => void): SoundDemuxer {
  if (target === 'opus') return new OpusCutter(onFrame);
  return new FlvReader(({ type, body }) => {
    if (type !== 'audio') return;
    const tag = parseAudioTag(body);
    if (tag.kind === 'frames' && tag.payload.length > 0) onFrame(tag.payload);
  });
}

const PACKET_BYTES = (OPUS_BITRATE_BPS / 8 / 1000) * OPUS_FRAME_MS;
const PACKET_SAMPLES = 48 * OPUS_FRAME_MS;

/** Cuts packets of constant size out of a stream without a container. */
class OpusCutter implements SoundDemuxer {
  readonly #onFrame: (payload: Uint8Array) => void;
  #packet = new Uint8Array(PACKET_BYTES);
  #fill = 0;

  constructor(onFrame: (payload: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const take = Math.min(PACKET_BYTES - this.#fill, bytes.length - at);
      this.#packet.set(bytes.subarray(at, at + take), this.#fill);
      this.#fill += take;
      at += take;
      if (this.#fill < PACKET_BYTES) continue;
      const packet = this.#packet;
      this.#packet = new Uint8Array(PACKET_BYTES);
      this.#fill = 0;
      // The head of each packet tells its length in time: a cut at the wrong place shows here.
      if (opusPacketSamples(packet) !== PACKET_SAMPLES)
        throw new RangeError(`Opus packet begins with ${packet[0]} ${packet[1]}: not ${OPUS_FRAME_MS} ms`);
      this.#onFrame(packet);
    }
  }
}
