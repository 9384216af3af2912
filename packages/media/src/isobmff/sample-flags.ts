/**
 * sample_flags (ISO/IEC 14496-12 §8.8.3.1) of a picture at which decoding can start, and of every audio frame:
 * sample_depends_on = 2 (on no other), sample_is_non_sync_sample = 0.
 */
export const SYNC_SAMPLE_FLAGS = 0x0200_0000;

/** sample_flags of any other picture: sample_depends_on = 1, sample_is_non_sync_sample = 1. */
export const NON_SYNC_SAMPLE_FLAGS = 0x0101_0000;

/** sample_is_non_sync_sample */
export const SAMPLE_IS_NON_SYNC = 0x0001_0000;
