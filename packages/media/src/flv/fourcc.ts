import { FlvFormatError } from './flv-format-error.ts';

/** Video codecs that enhanced RTMP v2 names (its table "Video FourCC"). Legacy AVC and HEVC tags are reported as `avc1` and `hvc1`. */
export type VideoFourCc = 'vp08' | 'vp09' | 'av01' | 'avc1' | 'hvc1' | 'vvc1';

/** Audio codecs that enhanced RTMP v2 names (its table "Audio FourCC"). Legacy AAC and MP3 tags are reported as `mp4a` and `.mp3`. */
export type AudioFourCc = 'ac-3' | 'ec-3' | 'Opus' | '.mp3' | 'fLaC' | 'mp4a';

/** Every video FourCC. */
export const VIDEO_FOURCCS: readonly VideoFourCc[] = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'vvc1'];

/** Every audio FourCC. */
export const AUDIO_FOURCCS: readonly AudioFourCc[] = ['mp4a', 'Opus', 'ac-3', 'ec-3', '.mp3', 'fLaC'];

const videoByNumber = new Map(VIDEO_FOURCCS.map((name) => [fourCcNumber(name), name]));
const audioByNumber = new Map(AUDIO_FOURCCS.map((name) => [fourCcNumber(name), name]));

/** The four characters as a big-endian 32-bit number. */
export function fourCcNumber(name: string): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = (value << 8) | (name.charCodeAt(i) & 0xff);
  return value >>> 0;
}

/** Reads a video FourCC. Throws FlvFormatError when the bytes end or the code is unknown. */
export function readVideoFourCc(bytes: Uint8Array, at: number): VideoFourCc {
  const number = readNumber(bytes, at);
  const name = videoByNumber.get(number);
  if (name === undefined)
    throw new FlvFormatError(`video FourCC 0x${number.toString(16).padStart(8, '0')} is unknown`);
  return name;
}

/** Reads an audio FourCC. Throws FlvFormatError when the bytes end or the code is unknown. */
export function readAudioFourCc(bytes: Uint8Array, at: number): AudioFourCc {
  const number = readNumber(bytes, at);
  const name = audioByNumber.get(number);
  if (name === undefined)
    throw new FlvFormatError(`audio FourCC 0x${number.toString(16).padStart(8, '0')} is unknown`);
  return name;
}

function readNumber(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = bytes.subarray(at, at + 4);
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new FlvFormatError(`FourCC at byte ${at} is cut short: the tag has ${bytes.length} bytes`);
  }
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
