import type { FromChildMessage } from '../protocol/messages.ts';
import type { WireUnit } from '../protocol/unit-frame.ts';

/** The way to the server, as the child's parts see it. Writes are gathered and go out together at the end of the event loop's turn. */
export interface ParentLink {
  /** Sends a control message; never dropped. */
  send(message: FromChildMessage): void;
  /** Sends an access unit; false when it was dropped, because the server does not read. The payload must not change afterwards. */
  sendUnit(unit: WireUnit): boolean;
}
