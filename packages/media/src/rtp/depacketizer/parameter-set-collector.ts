import { equalBytes } from '../../bytes/concat.ts';
import { CodecFormatError } from '../../codecs/codec-format-error.ts';
import { H264_NAL, h264NalType } from '../../codecs/h264/nal-type.ts';
import { parseH264Pps } from '../../codecs/h264/pps.ts';
import { parseH264Sps } from '../../codecs/h264/sps.ts';

/** Parameter sets as avcC wants them: NAL units with header, at least one of each. */
export interface H264ParameterSetNals {
  readonly spsNals: readonly Uint8Array[];
  readonly ppsNals: readonly Uint8Array[];
}

/** Larger than parameter sets of anything but odd scaling lists. */
const MAX_SET_BYTES = 2048;
/** Of an SPS's own pictures; encoders use one to three. avcC has room for 255. */
const MAX_PPS = 64;

/** Collects the parameter sets that come within an H.264 stream, and tells which are in force. */
export class ParameterSetCollector {
  readonly #sps = new Map<number, Uint8Array>();
  readonly #pps = new Map<number, { readonly nal: Uint8Array; readonly spsId: number }>();
  /** The SPS that came last: pictures to come use it. */
  #spsId: number | undefined;
  #inForce: H264ParameterSetNals | undefined;

  /** `nals`: sets known beforehand; others among them are left out. */
  constructor(nals: readonly Uint8Array[]) {
    for (const nal of nals) this.add(nal);
  }

  /** Takes an SPS or PPS NAL unit; the array is kept. One that cannot be parsed is dropped. */
  add(nal: Uint8Array): void {
    if (nal.length > MAX_SET_BYTES) return;
    try {
      const type = h264NalType(nal);
      if (type === H264_NAL.sps) this.#addSps(nal);
      else if (type === H264_NAL.pps) this.#addPps(nal);
    } catch (error) {
      if (!(error instanceof CodecFormatError)) throw error;
    }
  }

  /** The last SPS and the PPS that go with it; undefined before both came. */
  inForce(): H264ParameterSetNals | undefined {
    this.#inForce ??= this.#collect();
    return this.#inForce;
  }

  #addSps(nal: Uint8Array): void {
    const current = this.#spsId === undefined ? undefined : this.#sps.get(this.#spsId);
    // Encoders repeat it before each IDR.
    if (current !== undefined && equalBytes(current, nal)) return;
    const { id } = parseH264Sps(nal);
    this.#sps.set(id, nal);
    this.#spsId = id;
    this.#inForce = undefined;
  }

  #addPps(nal: Uint8Array): void {
    for (const known of this.#pps.values()) if (equalBytes(known.nal, nal)) return;
    const { id, spsId } = parseH264Pps(nal);
    if (!this.#pps.has(id) && this.#pps.size >= MAX_PPS) return;
    this.#pps.set(id, { nal, spsId });
    this.#inForce = undefined;
  }

  #collect(): H264ParameterSetNals | undefined {
    const sps = this.#spsId === undefined ? undefined : this.#sps.get(this.#spsId);
    if (sps === undefined) return undefined;
    const ppsNals: Uint8Array[] = [];
    for (const { nal, spsId } of this.#pps.values()) if (spsId === this.#spsId) ppsNals.push(nal);
    return ppsNals.length === 0 ? undefined : { spsNals: [sps], ppsNals };
  }
}
