import type { RtcCloseReason } from '../rtc-gateway.ts';

/** What an answered offer gave. */
export interface SessionAnswer {
  readonly answer: string;
  /** ICE user fragment of the answer. */
  readonly iceUfrag: string;
}

/** One peer connection in the child, of any kind. */
export interface ChildSession {
  /** Answers the offer; once. Rejects with RtcRefusedError, after which the session is closed. */
  open(): Promise<SessionAnswer>;
  /** Ends it without calling `onClosed`; idempotent, never throws. */
  close(): void;
}

/** What a session tells of itself. */
export interface ChildSessionEvents {
  /** ICE and DTLS are through. */
  onConnected(): void;
  /** It ended by itself; once, never after `close()`. */
  onClosed(reason: RtcCloseReason): void;
}
