import { BitReader } from '../../bytes/bit-reader.ts';
import { CodecFormatError, parsing } from '../codec-format-error.ts';
import { unescapeNal } from '../nal/emulation-prevention.ts';
import { HEVC_NAL, hevcNalType } from './nal-type.ts';
import { type HevcProfile, readProfileTierLevel } from './profile-tier-level.ts';

/** The front of a video parameter set, H.265 §7.3.2.1. */
export interface HevcVps {
  readonly id: number;
  /** 1…7 */
  readonly maxSubLayers: number;
  readonly temporalIdNesting: boolean;
  readonly profile: HevcProfile;
}

/** Parses a VPS NAL unit (header included). Throws CodecFormatError. */
export function parseHevcVps(nal: Uint8Array): HevcVps {
  return parsing('VPS', () => {
    if (hevcNalType(nal) !== HEVC_NAL.vps)
      throw new CodecFormatError(`VPS: NAL unit type ${hevcNalType(nal)}`);
    const reader = new BitReader(unescapeNal(nal).subarray(2));
    const id = reader.bits(4);
    reader.skip(2 + 6); // base layer flags, vps_max_layers_minus1
    const maxSubLayersMinus1 = reader.bits(3);
    if (maxSubLayersMinus1 > 6) throw new CodecFormatError(`VPS: ${maxSubLayersMinus1 + 1} sub-layers`);
    const temporalIdNesting = reader.flag();
    reader.skip(16); // vps_reserved_0xffff_16bits
    const profile = readProfileTierLevel(reader, maxSubLayersMinus1);
    return { id, maxSubLayers: maxSubLayersMinus1 + 1, temporalIdNesting, profile };
  });
}
