import { readFormatParameters } from './format-parameters.ts';
import { type H264Format, readH264Format } from './h264-format.ts';
import type { MediaSection } from './session-description.ts';

/** A codec of ours that an offer has. */
export interface OfferedCodec {
  readonly codec: 'h264' | 'vp8' | 'opus';
  readonly payloadType: number;
  /** RTP clock, in hertz. */
  readonly clockRate: number;
  /** Where packets are sent again (RFC 4588); absent when the offer has none for this codec. */
  readonly rtxPayloadType?: number;
  /** H.264 only. */
  readonly h264?: H264Format;
}

const ENCODINGS: ReadonlyMap<string, { readonly codec: OfferedCodec['codec']; readonly clockRate: number }> =
  new Map([
    ['h264', { codec: 'h264', clockRate: 90_000 }],
    ['vp8', { codec: 'vp8', clockRate: 90_000 }],
    ['opus', { codec: 'opus', clockRate: 48_000 }],
  ]);

/**
 * RFC 5761 §4: with RTP and RTCP on one port these payload types, with the marker bit set, look like types of RTCP. A picture's last packet
 * has the marker.
 */
function isUsable(payloadType: number): boolean {
  return payloadType < 64 || payloadType > 95;
}

/** The codecs of the section that are ours, in its order of preference. */
export function offeredCodecs(section: MediaSection): OfferedCodec[] {
  const rtxOf = new Map<number, number>();
  const payloadTypes = section.payloadTypes.filter(isUsable);
  for (const payloadType of payloadTypes) {
    if (section.rtpMaps.get(payloadType)?.encoding.toLowerCase() !== 'rtx') continue;
    const original = Number(
      readFormatParameters(section.formatParameters.get(payloadType)).get('apt') ?? Number.NaN,
    );
    if (!rtxOf.has(original)) rtxOf.set(original, payloadType);
  }
  return payloadTypes.flatMap((payloadType) => {
    const map = section.rtpMaps.get(payloadType);
    const known = ENCODINGS.get(map?.encoding.toLowerCase() ?? '');
    if (known === undefined || map?.clockRate !== known.clockRate) return [];
    const rtxPayloadType = rtxOf.get(payloadType);
    return [
      {
        ...known,
        payloadType,
        ...(rtxPayloadType !== undefined && { rtxPayloadType }),
        ...(known.codec === 'h264' && { h264: readH264Format(section.formatParameters.get(payloadType)) }),
      },
    ];
  });
}
