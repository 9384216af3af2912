import { H264_NAL, h264NalType } from '../../codecs/h264/nal-type.ts';
import { splitNalUnits } from '../../codecs/nal/length-prefixed.ts';
import { RtpError } from '../rtp-error.ts';
import { MAX_RTP_PACKET_BYTES, MIN_PAYLOAD_BYTES, RTP_HEADROOM_BYTES } from './packet-size.ts';

const STAP_A = 24;
const FU_A = 28;
/** F and NRI of a NAL unit's first byte. */
const NRI_MASK = 0xe0;
/** FU indicator and FU header (RFC 6184 §5.8). */
const FU_BYTES = 2;

/**
 * The RTP payloads of a picture, in the order of sending; the last one's packet carries the marker (RFC 6184 §5.1). `sample` has NAL units
 * behind four-byte lengths. NAL units that fit go alone, parameter sets and SEI in a row together in one STAP-A, larger ones in FU-A
 * fragments of nearly the same size, so that no packet is a small rest. Access unit delimiters and filler are left out: no receiver needs
 * them. Payloads of whole NAL units are views of the sample. Throws CodecFormatError for a broken sample and RtpError for a
 * `maxPayloadBytes` below 100.
 */
export function packetizeH264(
  sample: Uint8Array,
  maxPayloadBytes: number = MAX_RTP_PACKET_BYTES - RTP_HEADROOM_BYTES,
): Uint8Array[] {
  if (!(maxPayloadBytes >= MIN_PAYLOAD_BYTES)) throw new RtpError(`payloads of ${maxPayloadBytes} bytes`);
  const payloads: Uint8Array[] = [];
  let together: Uint8Array[] = [];
  let togetherBytes = 1;
  for (const nal of splitNalUnits(sample)) {
    const type = h264NalType(nal);
    if (type === H264_NAL.accessUnitDelimiter || type === H264_NAL.filler) continue;
    const joins = isSmallTalk(type) && 1 + 2 + nal.length <= maxPayloadBytes;
    if (!joins || togetherBytes + 2 + nal.length > maxPayloadBytes) {
      flush();
    }
    if (joins) {
      together.push(nal);
      togetherBytes += 2 + nal.length;
    } else if (nal.length <= maxPayloadBytes) {
      payloads.push(nal);
    } else {
      pushFragments(payloads, nal, maxPayloadBytes);
    }
  }
  flush();
  return payloads;

  function flush(): void {
    const [first] = together;
    if (first !== undefined)
      payloads.push(together.length === 1 ? first : aggregate(together, togetherBytes));
    together = [];
    togetherBytes = 1;
  }
}

/** NAL units that carry no picture and are nearly always small. */
function isSmallTalk(type: number): boolean {
  return type === H264_NAL.sps || type === H264_NAL.pps || type === H264_NAL.sei;
}

/** STAP-A, RFC 6184 §5.7.1: NRI is the highest of those inside. */
function aggregate(nals: readonly Uint8Array[], size: number): Uint8Array {
  const payload = new Uint8Array(size);
  let header = 0;
  let at = 1;
  for (const nal of nals) {
    header = Math.max(header, (nal[0] ?? 0) & 0x60);
    payload[at] = nal.length >>> 8;
    payload[at + 1] = nal.length;
    payload.set(nal, at + 2);
    at += 2 + nal.length;
  }
  payload[0] = header | STAP_A;
  return payload;
}

/** FU-A, RFC 6184 §5.8: the NAL unit's header byte goes into indicator and FU header, the rest is divided. */
function pushFragments(payloads: Uint8Array[], nal: Uint8Array, maxPayloadBytes: number): void {
  const header = nal[0] ?? 0;
  const total = nal.length - 1;
  const count = Math.ceil(total / (maxPayloadBytes - FU_BYTES));
  for (let i = 0; i < count; i++) {
    const from = 1 + Math.floor((total * i) / count);
    const to = 1 + Math.floor((total * (i + 1)) / count);
    const payload = new Uint8Array(FU_BYTES + to - from);
    payload[0] = (header & NRI_MASK) | FU_A;
    payload[1] = (header & 31) | (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    payload.set(nal.subarray(from, to), FU_BYTES);
    payloads.push(payload);
  }
}
