import type { AccessUnit } from '../../stream/access-unit.ts';
import type { PublisherSink } from '../../stream/publisher.ts';
import type { Track } from '../../stream/track.ts';

/** What a publisher sends, in order: a track before its units. */
export type ClipEvent = { readonly track: Track } | { readonly unit: AccessUnit };

/** Puts tracks and their units in the order in which they are sent. */
export function clipEvents(
  clips: readonly { readonly track: Track; readonly units: readonly AccessUnit[] }[],
): readonly ClipEvent[] {
  const units = clips.flatMap((clip) => clip.units).sort((a, b) => a.dts - b.dts);
  return [...clips.map(({ track }) => ({ track })), ...units.map((unit) => ({ unit }))];
}

/** Plays events to a stream in real time, as an ingest session would; resolves when all were sent. */
export async function playLive(
  sink: PublisherSink,
  events: readonly ClipEvent[],
  keep: (unit: AccessUnit) => boolean = () => true,
): Promise<void> {
  const startedMs = performance.now();
  let firstMs: number | undefined;
  for (const event of events) {
    if ('track' in event) {
      sink.writeTrack(event.track);
      continue;
    }
    firstMs ??= event.unit.dts;
    const waitMs = event.unit.dts - firstMs - (performance.now() - startedMs);
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (keep(event.unit)) sink.writeUnit(event.unit);
  }
}
