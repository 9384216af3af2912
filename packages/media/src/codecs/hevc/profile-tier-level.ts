import type { BitReader } from '../../bytes/bit-reader.ts';

/** The general part of profile_tier_level(), H.265 §7.3.3. */
export interface HevcProfile {
  /** 0…3 */
  readonly profileSpace: number;
  readonly highTier: boolean;
  readonly profileIdc: number;
  /** general_profile_compatibility_flag[0…31], flag 0 in the highest bit. */
  readonly compatibilityFlags: number;
  /** progressive_source_flag and what follows it: six bytes. */
  readonly constraintFlags: Uint8Array;
  /** 30 × the level: 93 is level 3.1. */
  readonly levelIdc: number;
}

/** Reads profile_tier_level(1, maxSubLayersMinus1), skipping the sub-layers. */
export function readProfileTierLevel(reader: BitReader, maxSubLayersMinus1: number): HevcProfile {
  const profileSpace = reader.bits(2);
  const highTier = reader.flag();
  const profileIdc = reader.bits(5);
  const compatibilityFlags = reader.bits(32);
  const constraintFlags = Uint8Array.from({ length: 6 }, () => reader.bits(8));
  const levelIdc = reader.bits(8);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < maxSubLayersMinus1; i++) present.push({ profile: reader.flag(), level: reader.flag() });
  if (maxSubLayersMinus1 > 0) reader.skip(2 * (8 - maxSubLayersMinus1));
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
  return { profileSpace, highTier, profileIdc, compatibilityFlags, constraintFlags, levelIdc };
}

/**
 * RFC 6381 codec string, ISO/IEC 14496-15 annex E.3: profile space and number, compatibility flags in reversed bit order,
 * tier and level, and the constraint bytes without trailing zero bytes.
 */
export function hevcCodecString(profile: HevcProfile): string {
  const space = ['', 'A', 'B', 'C'][profile.profileSpace] ?? '';
  let reversed = 0;
  for (let i = 0; i < 32; i++) if ((profile.compatibilityFlags >>> i) & 1) reversed += 2 ** (31 - i);
  const constraints = [...profile.constraintFlags];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [
    'hvc1',
    `${space}${profile.profileIdc}`,
    reversed.toString(16).toUpperCase(),
    `${profile.highTier ? 'H' : 'L'}${profile.levelIdc}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return parts.join('.');
}
