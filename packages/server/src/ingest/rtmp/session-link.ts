import type { Logger } from '../../platform/logger.ts';
import type { RtmpMessage } from '../../rtmp/rtmp-message.ts';
import type { PublishAuthorizer, PublishTarget } from '../../stream/publisher.ts';
import type { KeyFailures } from '../key-failures.ts';
import type { RtmpLimits } from './rtmp-limits.ts';

/** What a session asks of the connection below it. */
export interface SessionLink {
  /** `address:port`, for logs. */
  readonly peer: string;
  /** What limits per address are counted by. */
  readonly limitKey: string;
  /** `rtmp` or `rtmps`. */
  readonly protocol: string;
  /** Milliseconds since the peer last sent a byte. */
  silentForMs(): number;
  monotonicMs(): number;
  send(chunkStreamId: number, message: RtmpMessage): void;
  /** Announces window sizes and chunk size, before `connect` is answered. */
  beginConnection(): void;
  /** A command such as `publish` is being decided: nothing more is to be reported until `resume`. */
  pause(): void;
  resume(): void;
  /** The key was accepted: the limits of a publisher hold from now on, and its stream's limit in bit/s where it has one. */
  authorised(maxBitrateBps: number | undefined): void;
  /** The publisher stopped: the time to publish again begins. */
  unpublished(): void;
  /** Sends what is to be sent, then closes. */
  closeGently(): void;
}

/** What all sessions of a server share. */
export interface SessionServices {
  readonly limits: RtmpLimits;
  readonly apps: readonly string[];
  readonly authorizer: PublishAuthorizer;
  readonly target: PublishTarget;
  readonly keyFailures: KeyFailures;
  readonly log: Logger;
}
