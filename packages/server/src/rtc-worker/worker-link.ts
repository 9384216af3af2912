import type { ToChildMessage } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';

/** The way to the child process, as the feeds see it. The same object before and after a restart. */
export interface WorkerLink {
  /** True when a child runs and is configured. */
  readonly up: boolean;
  /** Sends a control message; it is lost when the link is down. Control is never dropped while it is up. */
  send(message: ToChildMessage): void;
  /**
   * Sends an access unit; false when it was dropped, because the link is down or the child does not read. Then the caller drops the
   * rest of that track up to its next keyframe.
   */
  sendUnit(unit: WireUnit): boolean;
}
