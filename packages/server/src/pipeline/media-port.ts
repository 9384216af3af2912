import type { LiveSessions } from './live-sessions.ts';
import type { SessionEvent } from './session-events.ts';
import type { SessionFigures } from './session-figures.ts';

/** Who can count the viewers of a stream. */
export type CountViewers = (streamId: string) => number;

/** What the control plane may know and do about media: the live sessions, and who watches them by which protocol. */
export class MediaPort {
  readonly #sessions: LiveSessions;
  readonly #viewers: { readonly hls: CountViewers; readonly whep: CountViewers };

  constructor(options: {
    readonly sessions: LiveSessions;
    /** The origin's count and the WHEP endpoint's; both are asked each time. */
    readonly viewers: { readonly hls: CountViewers; readonly whep: CountViewers };
  }) {
    this.#sessions = options.sessions;
    this.#viewers = options.viewers;
  }

  /** Undefined when no media session of that stream is open. */
  figures(streamId: string): SessionFigures | undefined {
    return this.#sessions.live(streamId)?.figures();
  }

  /** Viewers counted by the media servers themselves. */
  viewers(streamId: string): { readonly hls: number; readonly whep: number } {
    return { hls: this.#viewers.hls(streamId), whep: this.#viewers.whep(streamId) };
  }

  /** From now on the stream is for its audience: what its owners alone could see of it is for nobody. */
  beginAudience(streamId: string): void {
    this.#sessions.live(streamId)?.presentation?.hidePast();
  }

  /** Ends the media session at once; false when there is none. */
  end(streamId: string): boolean {
    return this.#sessions.endStream(streamId);
  }

  /** Closes the connection that publishes with this key at once, without a time to reconnect. */
  revoke(keyId: string): void {
    this.#sessions.revoke(keyId);
  }

  /** Calls back after each event; returns the way to stop that. */
  onEvent(listener: (event: SessionEvent) => void): () => void {
    return this.#sessions.onEvent(listener);
  }
}
