import type { ChildProcesses } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { Feeds } from './feeds.ts';
import { ProcessLink } from './process-link.ts';
import type { ChildLimits, FromChildMessage, SessionNumber, ToChildMessage } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';
import { RestartDelay } from './restart-delay.ts';
import {
  type EgressListener,
  type FeedListener,
  type IngestListener,
  type RtcCloseReason,
  type RtcFeed,
  type RtcGateway,
  type RtcIngestSession,
  RtcRefusedError,
  type RtcSession,
} from './rtc-gateway.ts';
import { DEFAULT_RTC_LIMITS, type RtcLimits } from './rtc-limits.ts';
import { WorkerProcess } from './worker-process.ts';
import { type SessionListener, WorkerSession } from './worker-session.ts';

/** What a worker is made of. */
export interface RtcWorkerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts the child process and ends it with the server. One child is used. */
  readonly children: ChildProcesses;
  /** UDP port of all sessions, on every interface. */
  readonly port: number;
  /**
   * IP addresses in the candidates of our answers, best first. Default none: those of the interfaces, and the loopback address last.
   */
  readonly advertisedAddresses?: readonly string[];
  /** Default: each as `DEFAULT_RTC_LIMITS` says. */
  readonly limits?: Partial<RtcLimits>;
}

/** Longest offer: RFC 9725 sets none; browsers send some 10 kB. */
const MAX_OFFER_LENGTH = 64 * 1024;
/** An answer takes milliseconds; without one the child is too busy to be of use. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * WebRTC in a child process of its own: a crash of the native library ends the WebRTC sessions and nothing else. The child is started
 * again after 0.25, 0.5, 1, 2, 5, 5, … seconds.
 */
export class RtcWorker implements RtcGateway {
  readonly #options: RtcWorkerOptions;
  readonly #limits: RtcLimits;
  readonly #restartDelay = new RestartDelay();
  readonly #sessions = new Map<SessionNumber, WorkerSession>();
  readonly #link = new ProcessLink();
  readonly #feeds: Feeds;
  #process: WorkerProcess | undefined;
  #addresses: readonly string[] = [];
  #restart: NodeJS.Timeout | undefined;
  #started = Promise.withResolvers<void>();
  #everUp = false;
  /** Why the process that runs now, or ran last, cannot work. */
  #failure: string | undefined;
  #nextSession: SessionNumber = 1;
  #closed = false;

  constructor(options: RtcWorkerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_RTC_LIMITS, ...options.limits };
    this.#feeds = new Feeds(this.#link, options.log);
  }

  /** True while sessions can be opened. */
  get up(): boolean {
    return this.#link.up;
  }

  /** UDP port of all sessions. */
  get port(): number {
    return this.#options.port;
  }

  /** Addresses in the candidates of our answers, as the child found them last; empty before it was up. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Process id of the child that runs now, for measurements and tests. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the first child is up. Rejects when it ends before, for instance because the UDP port is taken; call `close` then. */
  start(): Promise<void> {
    this.#spawn();
    return this.#started.promise;
  }

  /** Answers a publisher's offer. */
  async openIngest(options: {
    readonly offer: string;
    readonly listener: IngestListener;
  }): Promise<RtcIngestSession> {
    const { offer, listener } = options;
    const to: SessionListener = { kind: 'ingest', listener };
    const session = await this.#open(offer, to, (number) => ({
      type: 'open-ingest',
      session: number,
      offer,
    }));
    return {
      ...this.#handle(session, await session.answered),
      requestKeyframe: () => {
        if (!session.isClosed) this.#link.send({ type: 'request-keyframe', session: session.number });
      },
      silentForMs: () => session.silentForMs(),
    };
  }

  /** Opens the feed of a live stream; it works without a worker too, and has no viewers then. */
  openFeed(options: { readonly streamId: string; readonly listener: FeedListener }): RtcFeed {
    return this.#feeds.open(options);
  }

  /** Answers a viewer's offer. */
  async openEgress(options: {
    readonly feed: RtcFeed;
    readonly offer: string;
    readonly listener: EgressListener;
  }): Promise<RtcSession> {
    const { offer, listener } = options;
    const feed = this.#feeds.numberOf(options.feed);
    if (feed === undefined) throw new RtcRefusedError('unavailable', 'the stream has ended');
    const to: SessionListener = { kind: 'egress', listener };
    const open = (session: SessionNumber): ToChildMessage => ({ type: 'open-egress', session, feed, offer });
    const session = await this.#open(offer, to, open);
    return this.#handle(session, await session.answered);
  }

  /** Answers the offer of a data channel that echoes. */
  async openProbe(options: {
    readonly offer: string;
    readonly onClosed?: (reason: RtcCloseReason) => void;
  }): Promise<RtcSession> {
    const { offer, onClosed = () => {} } = options;
    const to: SessionListener = { kind: 'probe', listener: { onClosed } };
    const session = await this.#open(offer, to, (number) => ({ type: 'open-probe', session: number, offer }));
    return this.#handle(session, await session.answered);
  }

  /** Ends every session without a word to its listener, and the child; idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#link.disconnect();
    clearTimeout(this.#restart);
    for (const session of this.#sessions.values()) session.forget();
    this.#sessions.clear();
    await this.#process?.stop();
  }

  /** Opens a session and waits for its answer. */
  async #open(
    offer: string,
    to: SessionListener,
    message: (number: SessionNumber) => ToChildMessage,
  ): Promise<WorkerSession> {
    if (!this.#link.up) throw new RtcRefusedError('unavailable', 'WebRTC is not available now, try again');
    if (offer.length > MAX_OFFER_LENGTH) {
      throw new RtcRefusedError(
        'bad-offer',
        `the offer has ${offer.length} characters, at most 65536 are read`,
      );
    }
    this.#requirePlace(to.kind);
    const session = new WorkerSession(this.#nextSession++, to, this.#options.clock);
    this.#sessions.set(session.number, session);
    this.#link.send(message(session.number));
    const late = setTimeout(() => {
      session.end('worker-lost');
      this.#link.send({ type: 'close-session', session: session.number });
    }, ANSWER_TIMEOUT_MS);
    try {
      await session.answered;
    } catch (error) {
      this.#sessions.delete(session.number);
      throw error;
    } finally {
      clearTimeout(late);
    }
    return session;
  }

  /** Throws RtcRefusedError when there is no place for one more session of the kind. */
  #requirePlace(kind: SessionListener['kind']): void {
    const { maxSessions, publisherPlaces } = this.#limits;
    const sessions = [...this.#sessions.values()];
    const others = sessions.filter((session) => session.kind !== 'ingest').length;
    const isForPublishers = kind !== 'ingest' && others >= maxSessions - publisherPlaces;
    if (isForPublishers || sessions.length >= maxSessions) {
      throw new RtcRefusedError('too-many', `${sessions.length} WebRTC sessions are open`);
    }
  }

  /** What the owner of a session holds. */
  #handle(session: WorkerSession, answered: Pick<RtcSession, 'answer' | 'iceUfrag'>): RtcSession {
    return {
      id: session.id,
      answer: answered.answer,
      iceUfrag: answered.iceUfrag,
      close: () => {
        if (session.isClosed) return;
        session.forget();
        this.#sessions.delete(session.number);
        this.#link.send({ type: 'close-session', session: session.number });
      },
    };
  }

  #spawn(): void {
    const { children, clock, log, port, advertisedAddresses = [] } = this.#options;
    const limits: ChildLimits = this.#limits;
    this.#failure = undefined;
    try {
      this.#process = new WorkerProcess({
        children,
        clock,
        log,
        configure: { type: 'configure', port, advertisedAddresses, limits },
        events: {
          onReady: (addresses) => this.#onReady(addresses),
          onMessage: (message) => this.#onMessage(message),
          onUnit: (unit) => this.#onUnit(unit),
          onExit: (livedMs) => this.#onExit(livedMs),
        },
      });
    } catch (error) {
      // No place for a child now; the server may also be stopping, and then `close` comes next.
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#onExit(0);
    }
  }

  #onReady(addresses: readonly string[]): void {
    if (this.#process === undefined || this.#closed) return;
    this.#link.connect(this.#process);
    this.#everUp = true;
    this.#addresses = addresses;
    this.#feeds.announce();
    this.#started.resolve();
  }

  #onMessage(message: FromChildMessage): void {
    if (message.type === 'failed') {
      this.#failure = message.message;
    } else if (message.type === 'keyframe-wanted' || message.type === 'feed-viewers') {
      this.#feeds.handle(message);
    } else if ('session' in message) {
      const session = this.#sessions.get(message.session);
      if (session === undefined) return;
      this.#guard(session, () => session.handle(message));
      if (session.isClosed) this.#sessions.delete(session.number);
    }
  }

  #onUnit(unit: WireUnit): void {
    const session = this.#sessions.get(unit.channel);
    if (session !== undefined) this.#guard(session, () => session.unit(unit));
  }

  /** A listener that throws loses its session, not everybody's. */
  #guard(session: WorkerSession, call: () => void): void {
    try {
      call();
    } catch (err) {
      this.#options.log.error({ err, session: session.number }, 'a WebRTC session could not be served');
      this.#sessions.delete(session.number);
      this.#link.send({ type: 'close-session', session: session.number });
      session.end('protocol-error');
    }
  }

  #onExit(livedMs: number): void {
    this.#link.disconnect();
    const lost = [...this.#sessions.values()];
    this.#sessions.clear();
    if (this.#closed) return;
    for (const session of lost) this.#guard(session, () => session.end('worker-lost'));
    this.#feeds.workerLost();
    if (!this.#everUp) {
      this.#started.reject(new Error(this.#failure ?? 'the rtc worker ended while it started'));
      return;
    }
    const delayMs = this.#restartDelay.afterLifeOf(livedMs);
    const { log } = this.#options;
    if (this.#failure !== undefined) log.error({ delayMs }, `rtc worker cannot start: ${this.#failure}`);
    else log.warn({ sessions: lost.length, delayMs }, 'rtc worker is lost and starts again');
    this.#restart = setTimeout(() => this.#spawn(), delayMs);
  }
}
