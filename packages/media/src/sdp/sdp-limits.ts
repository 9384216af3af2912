/** What a description may have at most; more is refused before it is believed. */
export const SDP_LIMITS = {
  /** Characters of the text. */
  length: 65_536,
  lines: 2000,
  /** `m=` lines. */
  sections: 10,
  /** ICE candidates of a section; more are left out, not refused: nothing depends on them. */
  candidates: 20,
  /** Layers of `a=simulcast`, and rids of a section. */
  rids: 16,
} as const;
