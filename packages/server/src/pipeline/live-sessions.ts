import type { Presentation, PresentationDirectory } from '../packager/presentation.ts';
import type { Spool } from '../packager/spool.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { PublisherHealth, PublisherSink, PublishOptions, PublishTarget } from '../stream/publisher.ts';
import type { StreamLimits } from '../stream/stream-limits.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import { LiveSession } from './live-session.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { type SessionEvent, SessionEvents } from './session-events.ts';
import type { SourceEncoderFactory } from './source-encoder.ts';

/** How often sessions look at the clock, in milliseconds. */
const TICK_MS = 50;
/** How long an ended stream's last playlist stays up, in milliseconds, so that every player sees its ENDLIST. */
const KEEP_ENDED_MS = 60_000;

/** A stream that viewers can watch now. */
export interface LiveListing {
  readonly streamId: string;
  /** Path of the multivariant playlist. */
  readonly playlistUrl: string;
  /** When it went live, Unix milliseconds. */
  readonly startedAtMs: number;
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
}

/** How a live stream and its publisher are. */
export interface LiveStatus {
  /** False while the publisher is away and awaited. */
  readonly publishing: boolean;
  /** Protocol of the publisher. */
  readonly protocol: string | undefined;
  /** What its connection is like; undefined when its protocol does not tell. */
  readonly health: PublisherHealth | undefined;
  /** What the stream's owner allows the publisher. */
  readonly limits: StreamLimits;
  /** When it went live, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** All live sessions of this server. */
export class LiveSessions implements PublishTarget, PresentationDirectory {
  readonly #deps: {
    readonly options: PipelineOptions;
    readonly clock: Clock;
    readonly log: Logger;
    readonly spool: Spool | undefined;
    readonly encoderFor: SourceEncoderFactory | undefined;
    readonly audio: AudioEncoderServices | undefined;
  };
  readonly #keepEndedMs: number;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #forget = new Map<string, NodeJS.Timeout>();
  readonly #closeListeners: ((streamId: string) => void)[] = [];
  readonly #events: SessionEvents;
  readonly #ticker: NodeJS.Timeout;

  constructor(deps: {
    readonly options: PipelineOptions;
    readonly clock: Clock;
    readonly log: Logger;
    readonly spool: Spool | undefined;
    readonly encoderFor: SourceEncoderFactory | undefined;
    /** What encodes sound between AAC and Opus; without it Opus is not heard by HLS viewers. */
    readonly audio?: AudioEncoderServices;
    /** How long an ended stream's last playlist stays up, in milliseconds. Default 60,000. */
    readonly keepEndedMs?: number;
  }) {
    const { options, clock, log, spool, encoderFor, audio, keepEndedMs = KEEP_ENDED_MS } = deps;
    this.#deps = { options, clock, log, spool, encoderFor, audio };
    this.#keepEndedMs = keepEndedMs;
    this.#events = new SessionEvents(log);
    this.#ticker = setInterval(() => {
      for (const session of this.#sessions.values()) session.tick();
    }, TICK_MS);
    this.#ticker.unref();
  }

  publish(options: PublishOptions): PublisherSink {
    const present = this.#sessions.get(options.streamId);
    const session = present === undefined || present.ended ? this.#open(options.streamId, present) : present;
    return session.attach(options);
  }

  presentation(streamId: string): Presentation | undefined {
    return this.#sessions.get(streamId)?.presentation;
  }

  /** The live session of a stream, for readers other than playlists; undefined when it is not live. */
  live(streamId: string): LiveSession | undefined {
    const session = this.#sessions.get(streamId);
    return session === undefined || session.ended ? undefined : session;
  }

  /** Calls back whenever a session is over: its stream ended, or the server stops. */
  onSessionClosed(listener: (streamId: string) => void): void {
    this.#closeListeners.push(listener);
  }

  /** Calls back after publishers come and go and streams end, in order; returns the way to stop that. */
  onEvent(listener: (event: SessionEvent) => void): () => void {
    return this.#events.on(listener);
  }

  /** Streams that can be watched now. */
  list(): readonly LiveListing[] {
    return [...this.#sessions.values()]
      .filter((session) => !session.ended && session.presentation?.multivariant() !== undefined)
      .map((session) => ({
        streamId: session.streamId,
        playlistUrl: `/hls/${session.streamId}/index.m3u8`,
        startedAtMs: Math.round(session.startedAtMs),
        publishing: session.publishing,
      }));
  }

  /** Closes the session that publishes with this key, whose stream ends. */
  revoke(keyId: string): void {
    for (const session of this.#sessions.values()) if (session.keyId === keyId) session.evict('revoked');
  }

  /** How a stream and its publisher are; undefined when the stream is not live. */
  status(streamId: string): LiveStatus | undefined {
    const session = this.#sessions.get(streamId);
    if (session === undefined || session.ended) return undefined;
    const { publishing, protocol, health, limits, startedAtMs } = session;
    return { publishing, protocol, health, limits, startedAtMs };
  }

  /** Ends a stream for its viewers at once, without the time to reconnect; false when it is not live. */
  endStream(streamId: string): boolean {
    const session = this.#sessions.get(streamId);
    if (session === undefined || session.ended) return false;
    session.evict('unpublished');
    session.end();
    return true;
  }

  /** What is going on, for metrics and tests. */
  dump(): readonly object[] {
    return [...this.#sessions.values()].map((session) => session.dump());
  }

  /** Stops working on every stream without ending it: viewers wait for the server to come back. Idempotent. */
  close(): void {
    clearInterval(this.#ticker);
    for (const timer of this.#forget.values()) clearTimeout(timer);
    for (const session of this.#sessions.values()) session.close();
  }

  #open(streamId: string, ended: LiveSession | undefined): LiveSession {
    clearTimeout(this.#forget.get(streamId));
    this.#forget.delete(streamId);
    const session: LiveSession = new LiveSession({
      streamId,
      ...this.#deps,
      afterMsn: ended?.presentation?.lastMsn ?? 0,
      onEvent: (event) => this.#events.emit(event),
      onClosed: () => {
        for (const listener of this.#closeListeners) listener(streamId);
      },
      onEnded: () => {
        const timer = setTimeout(() => {
          // A timer that has fired still holds its function, and that the session with its pictures.
          this.#forget.delete(streamId);
          if (this.#sessions.get(streamId) === session) this.#sessions.delete(streamId);
        }, this.#keepEndedMs);
        timer.unref();
        this.#forget.set(streamId, timer);
      },
    });
    this.#sessions.set(streamId, session);
    return session;
  }
}
