import { FIRST_OUTPUT_FD } from './args.ts';

/** What one FFmpeg shall make of a stream's sound. */
export type AudioTarget = 'aac' | 'opus';

/** Bits per second of encoded AAC. */
export const AAC_BITRATE_BPS = 128_000;
/** Bits per second of encoded Opus. */
export const OPUS_BITRATE_BPS = 96_000;
/** Milliseconds of an encoded Opus packet: what WebRTC has agreed on. */
export const OPUS_FRAME_MS = 20;

/** The arguments of an FFmpeg that turns one codec of sound into the other. Nothing in them comes from a publisher. */
export function audioArgs(target: AudioTarget): readonly string[] {
  return [
    // -xerror: a frame that cannot be decoded gives no samples, and all that follows would be too early. A new FFmpeg counts anew.
    ...flags('-hide_banner -nostdin -v warning -xerror'),
    ...(target === 'aac' ? OPUS_INPUT : AAC_INPUT),
    ...flags(`-protocol_whitelist pipe -i pipe:0 -map 0:a -ac 2 -ar 48000 -threads 1`),
    ...(target === 'aac' ? AAC_OUTPUT : OPUS_OUTPUT),
    `pipe:${FIRST_OUTPUT_FD}`,
  ];
}

/** As for pictures: the header says all there is to know, so nothing is waited for. */
const INPUT = '-probesize 32 -analyzeduration 1 -flags low_delay -threads 1';
/** FFmpeg's own decoder holds samples back when a sender changes between speech and music; libopus conceals and keeps count. */
const OPUS_INPUT = flags(`${INPUT} -c:a libopus -f matroska`);
const AAC_INPUT = flags(`${INPUT} -f flv`);
const AAC_OUTPUT = flags(
  `-c:a aac -b:a ${AAC_BITRATE_BPS} -f flv -flvflags no_duration_filesize+no_metadata`,
);
/**
 * Constant bitrate, so that every packet has the same size and needs no container: FFmpeg's Ogg muxer always holds a page back,
 * which made 34 ms of 14 ms.
 */
const OPUS_OUTPUT = flags(
  `-c:a libopus -b:a ${OPUS_BITRATE_BPS} -vbr off -application lowdelay -frame_duration ${OPUS_FRAME_MS} -f data`,
);

/** A fixed command line as arguments. */
function flags(line: string): readonly string[] {
  return line.split(' ');
}
