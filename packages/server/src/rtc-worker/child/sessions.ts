import type { SessionNumber, ToChildMessage } from '../protocol/messages.ts';
import { RtcRefusedError } from '../rtc-gateway.ts';
import type { ChildSession, ChildSessionEvents } from './child-session.ts';
import type { Egress } from './egress/egress.ts';
import { IngestSession } from './ingest/ingest-session.ts';
import type { ParentLink } from './parent-link.ts';
import type { PeerEnvironment } from './peer.ts';
import { ProbeSession } from './probe-session.ts';

/** Messages about one session. */
export type SessionRequest = Extract<ToChildMessage, { readonly session: SessionNumber }>;

/** Every session of this process, by the number that the server gave it. */
export class Sessions {
  readonly #environment: PeerEnvironment;
  readonly #parent: ParentLink;
  readonly #egress: Egress;
  readonly #sessions = new Map<SessionNumber, ChildSession>();

  constructor(environment: PeerEnvironment, parent: ParentLink, egress: Egress) {
    this.#environment = environment;
    this.#parent = parent;
    this.#egress = egress;
  }

  /** Does what the server asks. */
  handle(request: SessionRequest): void {
    switch (request.type) {
      case 'close-session':
        this.#sessions.get(request.session)?.close();
        this.#sessions.delete(request.session);
        break;
      case 'request-keyframe': {
        const session = this.#sessions.get(request.session);
        if (session instanceof IngestSession) session.requestKeyframe();
        break;
      }
      default:
        void this.#open(request);
    }
  }

  /** Closes every peer connection. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  async #open(request: Extract<SessionRequest, { readonly offer: string }>): Promise<void> {
    const number = request.session;
    try {
      const { maxSessions } = this.#environment.limits;
      if (this.#sessions.size >= maxSessions) {
        throw new RtcRefusedError('too-many', `${this.#sessions.size} WebRTC sessions are open`);
      }
      const session = this.#create(request);
      this.#sessions.set(number, session);
      const answer = await session.open();
      if (this.#sessions.get(number) === session) {
        this.#parent.send({ type: 'answered', session: number, ...answer });
      }
    } catch (error) {
      this.#sessions.get(number)?.close();
      this.#sessions.delete(number);
      const reason = error instanceof RtcRefusedError ? error.reason : 'unavailable';
      const message = error instanceof Error ? error.message : String(error);
      this.#parent.send({ type: 'refused', session: number, reason, message });
    }
  }

  #create(request: Extract<SessionRequest, { readonly offer: string }>): ChildSession {
    const { session: number, offer } = request;
    const environment = this.#environment;
    const events: ChildSessionEvents = {
      onConnected: () => this.#parent.send({ type: 'connected', session: number }),
      onClosed: (reason) => {
        this.#sessions.delete(number);
        this.#parent.send({ type: 'closed', session: number, reason });
      },
    };
    if (request.type === 'open-ingest') {
      return new IngestSession({ number, offer, environment, events, parent: this.#parent });
    }
    if (request.type === 'open-egress') {
      return this.#egress.openSession({ feed: request.feed, offer, environment, events });
    }
    return new ProbeSession({ number, offer, environment, events });
  }
}
