import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { HEVC_NAL, hevcNalType } from './nal-type.ts';

/** The front of a picture parameter set, H.265 §7.3.2.3. */
export interface HevcPps {
  readonly id: number;
  readonly spsId: number;
}

/** Parses a PPS NAL unit (header included). Throws CodecFormatError. */
export function parseHevcPps(nal: Uint8Array): HevcPps {
  return parsing('PPS', () => {
    if (hevcNalType(nal) !== HEVC_NAL.pps)
      throw new CodecFormatError(`PPS: NAL unit type ${hevcNalType(nal)}`);
    const reader = new BitReader(unescapeNal(nal).subarray(2));
    const id = reader.ue();
    const spsId = reader.ue();
    if (id > 63 || spsId > 15) throw new CodecFormatError(`PPS: id ${id} of SPS ${spsId}`);
    return { id, spsId };
  });
}
