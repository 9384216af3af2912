import type { Presentation } from '../../packager/presentation.ts';

/** A rendition's init section and complete segments as one file. */
export function renditionFile(presentation: Presentation | undefined, rendition: string): Uint8Array {
  const feed = presentation?.renditions().get(rendition);
  const pieces: Uint8Array[] = [];
  for (const segment of feed?.playlist().segments ?? []) {
    if (pieces.length === 0) pieces.push(...(feed?.media(segment.map?.uri ?? '') ?? []));
    pieces.push(...(feed?.media(segment.uri) ?? []));
  }
  return Buffer.concat(pieces);
}
