import type { AccessUnit } from './access-unit.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { Track } from './track.ts';

/** Why a publisher's connection went away; decides whether viewers are told to wait or goodbye. */
export type PublisherEnd =
  | 'unpublished'
  | 'connection-lost'
  | 'taken-over'
  | 'protocol-error'
  | 'revoked'
  | 'server-stopping';

/**
 * Where an ingest session writes. Returned by `PublishTarget.publish`, one for each accepted publisher.
 * Every method is synchronous and never throws on late calls: after `end` they do nothing.
 */
export interface PublisherSink {
  /** Announces a track, or new parameters for one; must precede the track's first access unit. */
  writeTrack(track: Track): void;
  /** Writes one access unit, in decode order within its track, stamped with the publisher's own clock. */
  writeUnit(unit: AccessUnit): void;
  /**
   * Tells which tracks the publisher said it will send (RTMP onMetaData), so that the stream may wait for them.
   * Without it a second track is waited for 0.3 s.
   */
  expectTracks(kinds: { readonly video: boolean; readonly audio: boolean }): void;
  /** Tells how the publisher's connection and media are; protocols that know do so about once a second. */
  report(health: PublisherHealth): void;
  /** The publisher is gone; idempotent. */
  end(reason: PublisherEnd): void;
}

/** Something about a stream that its broadcaster should mend. */
export interface HealthWarning {
  /** Stable name, such as `b-frames`. */
  readonly code: string;
  /** What is wrong and what to do, in words. */
  readonly message: string;
}

/** How a publisher's connection and media are. Unknown members are absent. */
export interface PublisherHealth {
  readonly bitrateBps?: number;
  readonly framesPerSecond?: number;
  readonly rttMs?: number;
  /** Fraction of packets lost for good, 0…1. */
  readonly lossFraction?: number;
  /** Pictures given up on the way since the last report. */
  readonly droppedFrames?: number;
  readonly warnings: readonly HealthWarning[];
}

/** What the ingest knows of a publisher before it may write. */
export interface PublishRequest {
  /** `rtmp`, `rtmps`, `whip`, … */
  readonly protocol: string;
  /** RTMP application or empty. */
  readonly app: string;
  /** The stream key as sent, without query string. Never log it. */
  readonly streamKey: string;
  /** The peer's address and port, for logs and limits. */
  readonly peer: string;
}

/** The answer of `PublishAuthorizer`: whose stream this key publishes to, or why not. */
export type PublishDecision =
  | ({
      readonly allowed: true;
      readonly streamId: string;
      /** Stable name of the key for takeover and revocation; not the secret. */
      readonly keyId: string;
      /** How long this stream stays live without its publisher, in milliseconds; absent: as the server's setting says. */
      readonly reconnectWindowMs?: number;
    } & StreamLimits)
  | {
      readonly allowed: false;
      readonly reason: string;
      /** False: the key is known, or could not be checked, so that nobody is guessing keys here. Absent: it may be a guess. */
      readonly isGuess?: false;
    };

/** Port: decides who may publish. The key file implements it now, the control plane later. */
export interface PublishAuthorizer {
  authorize(request: PublishRequest): Promise<PublishDecision>;
}

/** Port: opens a live stream for an authorised publisher. Implemented by `pipeline/`. */
export interface PublishTarget {
  /**
   * Attaches a publisher to its stream. `evict` is called at most once when another publisher takes over or the key is revoked:
   * the session must close its connection. Throws `StreamBusyError` when the stream has a living publisher.
   */
  publish(options: PublishOptions): PublisherSink;
}

/** What a publisher that was let in brings along; its limits hold until the next one. */
export interface PublishOptions extends StreamLimits {
  readonly streamId: string;
  readonly keyId: string;
  readonly protocol: string;
  readonly peer: string;
  /** Milliseconds, on the monotonic clock, since the publisher last sent a byte: asked to decide a takeover. */
  readonly silentForMs: () => number;
  readonly evict: (reason: PublisherEnd) => void;
  /** Asks the publisher for a keyframe, where its protocol can (WebRTC); whoever asks need not count how often. */
  readonly requestKeyframe?: () => void;
  /** As in `PublishDecision`. */
  readonly reconnectWindowMs?: number;
}

/** Another publisher is live on this stream and has not been silent long enough to be taken over. */
export class StreamBusyError extends Error {
  override readonly name = 'StreamBusyError';
  readonly streamId: string;
  readonly silentForMs: number;

  constructor(streamId: string, silentForMs: number) {
    super(`stream ${streamId} already has a publisher (last heard ${Math.round(silentForMs)} ms ago)`);
    this.streamId = streamId;
    this.silentForMs = silentForMs;
  }
}
