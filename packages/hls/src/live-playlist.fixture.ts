import type { MediaPlaylist, MediaSegment, PartialSegment } from './media-playlist.ts';

/** For tests: what a source of regular segments would list at some moment. */
export interface LiveSource {
  /** Complete segments that are listed. */
  readonly segments: number;
  /** Parts of the open segment. */
  readonly openParts?: number;
  /** MSN of the first listed segment. */
  readonly mediaSequence?: number;
}

const PART_SEC = 0.2;
const PARTS = 10;
const SEGMENT_SEC = 2;
/** Media of segment 0; any fixed instant will do. */
const EPOCH_MS = Date.UTC(2026, 10, 22, 8, 0, 0);

/** For tests: a correct playlist of 2 s segments in 0.2 s parts; each MSN has the same content at every moment. */
export function livePlaylist(source: LiveSource): MediaPlaylist {
  const first = source.mediaSequence ?? 100;
  const openParts = source.openParts ?? 0;
  const end = first + source.segments;
  const segments: MediaSegment[] = [];
  for (let msn = first; msn < end; msn++) {
    const fromEndSec = (end - 1 - msn) * SEGMENT_SEC + openParts * PART_SEC;
    segments.push(liveSegment(msn, fromEndSec < 9));
  }
  const nextPart = openParts < PARTS ? `7.${end}.${openParts}.m4s` : `7.${end + 1}.0.m4s`;
  return {
    targetDurationSec: 3,
    partTargetSec: 0.216,
    serverControl: { canBlockReload: true, canSkipUntilSec: 18, holdBackSec: 9, partHoldBackSec: 0.648 },
    mediaSequence: first,
    discontinuitySequence: 5,
    independentSegments: true,
    segments,
    ...(openParts === 0 ? {} : { open: { ...liveHead(end), parts: liveParts(end, openParts) } }),
    preloadHints: [{ type: 'PART', uri: nextPart }],
    renditionReports: [{ uri: '../audio/index.m3u8', lastMsn: end, lastPart: openParts }],
    endList: false,
  };
}

/** For tests: one of its segments. */
export function liveSegment(msn: number, withParts: boolean): MediaSegment {
  return {
    ...liveHead(msn),
    parts: withParts ? liveParts(msn, PARTS) : [],
    uri: `7.${msn}.m4s`,
    durationSec: SEGMENT_SEC,
    gap: false,
  };
}

function liveHead(msn: number): Pick<MediaSegment, 'discontinuity' | 'map' | 'programDateTimeMs'> {
  const programDateTimeMs = EPOCH_MS + msn * SEGMENT_SEC * 1000;
  return { discontinuity: false, map: { uri: '7.init-0.mp4' }, programDateTimeMs };
}

function liveParts(msn: number, count: number): PartialSegment[] {
  return Array.from({ length: count }, (_, part) => ({
    uri: `7.${msn}.${part}.m4s`,
    durationSec: PART_SEC,
    independent: part === 0,
    gap: false,
  }));
}
