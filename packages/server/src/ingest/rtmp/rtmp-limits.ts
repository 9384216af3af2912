import { type AmfLimits, defaultAmfLimits } from '@tallylight/media/amf/amf-value.ts';

/** What one RTMP server lets its peers do. "Pre-auth" is the time before a publisher's key was accepted. */
export interface RtmpLimits {
  /** From accept to the end of the handshake, TLS included, in milliseconds. Default 5000. */
  readonly handshakeTimeoutMs: number;
  /** From the handshake to an accepted `publish`, in milliseconds. Default 10000. */
  readonly publishTimeoutMs: number;
  /** Silence of a publisher after which it is taken for gone, in milliseconds. Default 10000. */
  readonly idleTimeoutMs: number;
  /** Connections that have no accepted key yet, from all addresses. Default 200. */
  readonly maxPreAuthConnections: number;
  /** Connections that have no accepted key yet, from one address (IPv6: from one /64). Default 10. */
  readonly maxPreAuthConnectionsPerIp: number;
  /**
   * Age, in milliseconds, from which a connection still in its handshake gives way to a new one when a cap above is
   * reached, so that half-open connections cannot lock publishers out. Default 1000.
   */
  readonly staleHandshakeMs: number;
  /** Smallest chunk size a peer may set, in bytes: 1-byte chunks only burn CPU (Red5 #475). Default 128. */
  readonly minChunkBytes: number;
  /** Largest chunk size a peer may set, in bytes. Default 65536. */
  readonly maxChunkBytes: number;
  /** Largest message before a key was accepted, in bytes. It bounds pre-auth chunks as well. Default 4096. */
  readonly maxPreAuthMessageBytes: number;
  /** Largest message of a publisher, in bytes; also the most that all its unfinished messages may hold. Default 8 MiB. */
  readonly maxMessageBytes: number;
  /** Chunk streams of one connection. Default 16. */
  readonly maxChunkStreams: number;
  /** Bounds of every AMF value. Default: depth 16, 256 keys, strings of 64 KiB. */
  readonly amf: AmfLimits;
  /** Highest lasting rate of a publisher, in bits per second. Default 20 000 000. */
  readonly maxBitrateBps: number;
  /** How many seconds' worth of `maxBitrateBps` may come at once, as after a stall of the network. Default 5. */
  readonly bitrateBurstSec: number;
  /** Longest stream key, in characters. Default 256. */
  readonly maxStreamKeyLength: number;
  /** Longest application name, in characters. Default 128. */
  readonly maxAppLength: number;
  /** Wrong keys of one address in a minute before it must pause. Default 10. */
  readonly maxKeyFailuresPerMinute: number;
  /** How long an address with too many wrong keys is refused, in milliseconds. Default 600 000. */
  readonly keyFailurePauseMs: number;
  /** Bytes we hold for a peer that does not read our answers. Default 65536. */
  readonly maxUnsentBytes: number;
  /** Net streams that one connection may create; it publishes at most one at a time. Default 16. */
  readonly maxNetStreams: number;
}

/** The limits of a server that was given none. */
export const defaultRtmpLimits: RtmpLimits = {
  handshakeTimeoutMs: 5000,
  publishTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  maxPreAuthConnections: 200,
  maxPreAuthConnectionsPerIp: 10,
  staleHandshakeMs: 1000,
  minChunkBytes: 128,
  maxChunkBytes: 65_536,
  maxPreAuthMessageBytes: 4096,
  maxMessageBytes: 8 * 1024 * 1024,
  maxChunkStreams: 16,
  amf: defaultAmfLimits,
  maxBitrateBps: 20_000_000,
  bitrateBurstSec: 5,
  maxStreamKeyLength: 256,
  maxAppLength: 128,
  maxKeyFailuresPerMinute: 10,
  keyFailurePauseMs: 600_000,
  maxUnsentBytes: 65_536,
  maxNetStreams: 16,
};
