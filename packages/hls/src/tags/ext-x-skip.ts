import { AttributeList, writeQuoted } from '../attribute-list.ts';

/** EXT-X-SKIP (rfc8216bis §4.4.5.2). */
export interface Skip {
  /** SKIPPED-SEGMENTS. */
  readonly skippedSegments: number;
  /** RECENTLY-REMOVED-DATERANGES: IDs; present, if only empty, when the update skips date ranges too. */
  readonly recentlyRemovedDateRanges?: readonly string[];
}

/** The IDs are separated by tabs, as §4.4.5.2 has it. */
export function writeExtXSkip(skip: Skip): string {
  const removed = skip.recentlyRemovedDateRanges;
  const list = removed === undefined ? '' : `,RECENTLY-REMOVED-DATERANGES=${writeQuoted(removed.join('\t'))}`;
  return `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skip.skippedSegments}${list}`;
}

/** Reads the attributes of an EXT-X-SKIP. Throws PlaylistError. */
export function parseExtXSkip(value: string): Skip {
  const attributes = new AttributeList(value);
  const skippedSegments = attributes.requiredInteger('SKIPPED-SEGMENTS');
  const removed = attributes.quoted('RECENTLY-REMOVED-DATERANGES');
  if (removed === undefined) return { skippedSegments };
  return { skippedSegments, recentlyRemovedDateRanges: removed === '' ? [] : removed.split('\t') };
}
