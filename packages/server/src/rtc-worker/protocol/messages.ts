import type { IngestStats, RtcCloseReason, RtcRefusedError } from '../rtc-gateway.ts';
import type { WireTrack, WireVideoTrack } from './wire-track.ts';

/** Number of a session, given by the server; never used twice in the life of a worker. */
export type SessionNumber = number;

/** Number of a feed, given by the server; a feed keeps it when the worker is started anew. */
export type FeedNumber = number;

/** Bounds that the child keeps. */
export interface ChildLimits {
  /** Sessions of all kinds at one time. */
  readonly maxSessions: number;
  /** Time for ICE to find a path. */
  readonly iceTimeoutMs: number;
  /** Time for the DTLS handshake, once ICE is through. */
  readonly dtlsTimeoutMs: number;
  /** A publisher that sent no RTP for so long is gone. */
  readonly silenceTimeoutMs: number;
  /** Life of a probe session. */
  readonly probeLifeMs: number;
  /** Largest bit rate of a viewer's or publisher's connection that we allow for, in bit/s. */
  readonly maxBitrateBps: number;
}

/** The first message: what the child is to be. */
export interface ConfigureMessage {
  readonly type: 'configure';
  /** UDP port of all sessions. */
  readonly port: number;
  /** Addresses in the candidates of our answers; empty: those of the interfaces. */
  readonly advertisedAddresses: readonly string[];
  readonly limits: ChildLimits;
}

/** Control messages from the server to the child. */
export type ToChildMessage =
  | ConfigureMessage
  | { readonly type: 'ping' }
  | { readonly type: 'open-ingest'; readonly session: SessionNumber; readonly offer: string }
  | { readonly type: 'open-probe'; readonly session: SessionNumber; readonly offer: string }
  | {
      readonly type: 'open-egress';
      readonly session: SessionNumber;
      readonly feed: FeedNumber;
      readonly offer: string;
    }
  /** Ends a session of any kind; answered with nothing. */
  | { readonly type: 'close-session'; readonly session: SessionNumber }
  /** Ingest: ask the publisher for an IDR. */
  | { readonly type: 'request-keyframe'; readonly session: SessionNumber }
  | { readonly type: 'open-feed'; readonly feed: FeedNumber }
  /** A rendition of a feed or its new parameters; `track` is the number in its unit frames. */
  | {
      readonly type: 'feed-video';
      readonly feed: FeedNumber;
      readonly track: number;
      readonly description: WireVideoTrack;
      readonly bitrateBps: number;
    }
  /** Opus, which needs no description. */
  | { readonly type: 'feed-audio'; readonly feed: FeedNumber; readonly track: number }
  | { readonly type: 'feed-track-removed'; readonly feed: FeedNumber; readonly track: number }
  | { readonly type: 'close-feed'; readonly feed: FeedNumber };

/** Control messages from the child to the server. */
export type FromChildMessage =
  /** Configured, and the UDP port is ours. */
  | { readonly type: 'ready'; readonly port: number; readonly addresses: readonly string[] }
  /** It cannot work at all, for instance because the UDP port is taken; the child ends. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'pong' }
  | {
      readonly type: 'answered';
      readonly session: SessionNumber;
      readonly answer: string;
      readonly iceUfrag: string;
    }
  /** The offer was not taken: the session never was. */
  | {
      readonly type: 'refused';
      readonly session: SessionNumber;
      readonly reason: RtcRefusedError['reason'];
      readonly message: string;
    }
  /** ICE and DTLS are through. */
  | { readonly type: 'connected'; readonly session: SessionNumber }
  /** The session is gone by itself, never after `close-session`. */
  | { readonly type: 'closed'; readonly session: SessionNumber; readonly reason: RtcCloseReason }
  /** Ingest: a track or its new parameters; `track` is the number in its unit frames. */
  | {
      readonly type: 'track';
      readonly session: SessionNumber;
      readonly track: number;
      readonly description: WireTrack;
    }
  /** Ingest: the publisher sends, though nothing that it sent made a unit for a while. */
  | { readonly type: 'heard'; readonly session: SessionNumber }
  | { readonly type: 'stats'; readonly session: SessionNumber; readonly stats: IngestStats }
  | { readonly type: 'keyframe-wanted'; readonly feed: FeedNumber; readonly track: number }
  | { readonly type: 'feed-viewers'; readonly feed: FeedNumber; readonly count: number }
  /** A line for the server's log. No SDP, no keys. */
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number | boolean>>;
    };
