import { readFormatParameters } from './format-parameters.ts';

/** H.264 profiles that descriptions tell apart: what any decoder plays first, each able to play those before it (H.264 annex A.2), except `other`. */
export const H264_PROFILES = [
  'constrained-baseline',
  'baseline',
  'main',
  'constrained-high',
  'high',
  'other',
] as const;

/** One of {@link H264_PROFILES}. */
export type H264Profile = (typeof H264_PROFILES)[number];

/** What `a=fmtp` says of an H.264 payload type (RFC 6184 §8.1). */
export interface H264Format {
  /** 0: one NAL unit a packet; 1: also STAP-A and FU-A; 2: interleaved. */
  readonly packetizationMode: number;
  readonly profile: H264Profile;
  /** Six hexadecimal digits in lower case. */
  readonly profileLevelId: string;
  readonly levelAsymmetryAllowed: boolean;
}

/** RFC 6184 §8.1: baseline profile at level 1, when nothing is written. */
const DEFAULT_PROFILE_LEVEL_ID = '42000a';

/** Reads the value of `a=fmtp` of an H.264 payload type; never throws: what is unreadable is `other`. */
export function readH264Format(text: string | undefined): H264Format {
  const parameters = readFormatParameters(text);
  const written = (parameters.get('profile-level-id') ?? DEFAULT_PROFILE_LEVEL_ID).toLowerCase();
  return {
    packetizationMode: Number(parameters.get('packetization-mode') ?? 0),
    profile: /^[0-9a-f]{6}$/.test(written) ? h264Profile(written) : 'other',
    profileLevelId: written,
    levelAsymmetryAllowed: parameters.get('level-asymmetry-allowed') === '1',
  };
}

/** More parameter sets than that no encoder has. */
const MAX_PARAMETER_SETS = 8;

/** SPS and PPS NAL units of `sprop-parameter-sets` (RFC 6184 §8.1); what is unreadable is left out. */
export function readH264ParameterSets(text: string | undefined): readonly Uint8Array[] {
  const written = readFormatParameters(text).get('sprop-parameter-sets') ?? '';
  return (
    written
      .split(',', MAX_PARAMETER_SETS)
      .map((each) => each.replace(/={1,2}$/, ''))
      // One character alone behind groups of four is no byte.
      .filter((each) => /^[A-Za-z0-9+/]{4,1024}$/.test(each) && each.length % 4 !== 1)
      .map((each) => Uint8Array.from(atob(each), (character) => character.charCodeAt(0)))
  );
}

/**
 * The profile of a profile-level-id, or of the same six digits behind `avc1.`: profile_idc, constraint flags, level_idc
 * (RFC 6184 §8.1, table 5).
 */
export function h264Profile(profileLevelId: string): H264Profile {
  const profileIdc = Number.parseInt(profileLevelId.slice(0, 2), 16);
  const flags = Number.parseInt(profileLevelId.slice(2, 4), 16);
  const set1 = (flags & 0x40) !== 0;
  const constrainedHigh = (flags & 0x0c) === 0x0c;
  switch (profileIdc) {
    case 0x42:
      return set1 ? 'constrained-baseline' : 'baseline';
    case 0x4d:
      // Main and baseline at once.
      return (flags & 0x80) !== 0 ? 'constrained-baseline' : 'main';
    case 0x58:
      return set1 && (flags & 0x80) !== 0 ? 'constrained-baseline' : 'other';
    case 0x64:
      return constrainedHigh ? 'constrained-high' : 'high';
    default:
      return 'other';
  }
}

/** The same profile at a level of at least `levelIdc` (42 is level 4.2). */
export function raiseLevel(profileLevelId: string, levelIdc: number): string {
  const level = Math.max(Number.parseInt(profileLevelId.slice(4, 6), 16) || 0, levelIdc);
  return profileLevelId.slice(0, 4) + level.toString(16).padStart(2, '0');
}
