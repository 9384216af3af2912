import type { AccessUnit } from '../../../stream/access-unit.ts';
import {
  type PublishAuthorizer,
  type PublisherEnd,
  type PublisherHealth,
  type PublisherSink,
  type PublishTarget,
  StreamBusyError,
} from '../../../stream/publisher.ts';
import type { Track } from '../../../stream/track.ts';

/** What one accepted publisher wrote. */
export interface Publication {
  readonly streamId: string;
  readonly tracks: Track[];
  readonly units: AccessUnit[];
  expected: { readonly video: boolean; readonly audio: boolean } | undefined;
  ended: PublisherEnd | undefined;
  readonly evict: (reason: PublisherEnd) => void;
  readonly silentForMs: () => number;
  /** Absent: the server's. */
  readonly reconnectWindowMs: number | undefined;
  /** Absent: as large as the source. */
  readonly maxShortSide: number | undefined;
  /** Absent where the protocol cannot ask. */
  readonly requestKeyframe: (() => void) | undefined;
  /** The last report. */
  health: PublisherHealth | undefined;
}

/** A `PublishTarget` that keeps what it gets, one living publisher for each stream, with the takeover rule of 1.5 s. */
export class FakePublishTarget implements PublishTarget {
  readonly publications: Publication[] = [];
  /** Called after every unit; for tests that wait. */
  onUnit: (() => void) | undefined;

  publish(options: Parameters<PublishTarget['publish']>[0]): PublisherSink {
    const living = this.publications.find(
      (each) => each.streamId === options.streamId && each.ended === undefined,
    );
    if (living !== undefined) {
      const silentForMs = living.silentForMs();
      if (silentForMs < 1500) throw new StreamBusyError(options.streamId, silentForMs);
      living.evict('taken-over');
    }
    const { streamId, evict, silentForMs, requestKeyframe, reconnectWindowMs, maxShortSide } = options;
    const publication: Publication = {
      streamId,
      tracks: [],
      units: [],
      expected: undefined,
      ended: undefined,
      evict,
      silentForMs,
      reconnectWindowMs,
      maxShortSide,
      requestKeyframe,
      health: undefined,
    };
    this.publications.push(publication);
    return {
      writeTrack: (track) => {
        if (publication.ended === undefined) publication.tracks.push(track);
      },
      writeUnit: (unit) => {
        if (publication.ended === undefined) publication.units.push(unit);
        this.onUnit?.();
      },
      report: (health) => {
        if (publication.ended === undefined) publication.health = health;
      },
      expectTracks: (kinds) => {
        publication.expected = kinds;
      },
      end: (reason) => {
        publication.ended ??= reason;
      },
    };
  }
}

/** Allows keys that begin with `good`; each key is its own stream. */
export const fakeAuthorizer: PublishAuthorizer = {
  authorize: async ({ streamKey }) =>
    streamKey.startsWith('good')
      ? { allowed: true, streamId: streamKey, keyId: streamKey }
      : { allowed: false, reason: 'this stream key is not known here' },
};
