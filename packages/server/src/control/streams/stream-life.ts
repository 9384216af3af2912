import type { Stream } from '@tallylight/protocol/entities/stream.ts';
import { liveError, StreamNotFoundError, StreamNotLiveError } from '@tallylight/protocol/errors.ts';
import type { Database, Tx } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublisherEnd } from '../../stream/publisher.ts';
import type { ControlEvents } from '../control-events.ts';
import type { LiveEvent, LivePort } from '../live-port.ts';
import type { ManagedStreams, StreamFacts } from '../watching/managed-streams.ts';
import {
  findStream,
  lockStream,
  markArmed,
  markCancelled,
  markEnded,
  markLive,
  markSeen,
  readLeftLive,
} from './life-repository.ts';
import { mediaFault } from './media-fault.ts';
import type { StreamMapper } from './stream-mapper.ts';
import { factsOf, type StreamRow } from './stream-row.ts';
import { DEFAULT_STREAMS_LIMITS, type StreamsLimits } from './streams-limits.ts';

/** What the life of streams needs. */
export interface StreamLifeOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly live: LivePort;
  readonly streams: ManagedStreams;
  readonly mapper: StreamMapper;
  /** Who knows of keys whether they still hold. */
  readonly keys: {
    mayGoOnForMs(keyId: string): Promise<number>;
    forget(streamId: string): void;
    forgetKey(keyId: string): void;
    reviewRemembered(): Promise<void>;
  };
  /** For streams without a window of their own, in milliseconds. */
  readonly reconnectWindowMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<StreamsLimits>;
}

/** How a stream's media is, as far as its life asks. */
interface Media {
  readonly state: 'publishing' | 'lost' | 'none';
  readonly reason: PublisherEnd | undefined;
}

/**
 * The life of streams, `scheduled → preparing → live → ended`: brings what happens to media, what owners ask and what the database says
 * together. A step is taken in the database first and told afterwards; one that the database does not take now is tried until it does.
 *
 * A start before the publisher comes arms the stream (`autoStart`): it is live with its first publisher, so that nobody is told of a
 * broadcast with nothing to see.
 */
export class StreamLife {
  readonly #options: StreamLifeOptions;
  readonly #limits: StreamsLimits;
  readonly #media = new Map<string, Media>();
  /** Streams that are being settled; true: once more. */
  readonly #settling = new Map<string, boolean>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Until the keys of running publishers expire. */
  readonly #expiries = new Map<string, { readonly atMs: number; readonly timer: NodeJS.Timeout }>();
  #stop: readonly (() => void)[] = [];
  #closed = false;

  constructor(options: StreamLifeOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_STREAMS_LIMITS, ...options.limits };
  }

  /** What `ManagedStreams.outdated` is now: to be asked before a row is read for {@link changed}. */
  get outdated(): number {
    return this.#options.streams.outdated;
  }

  /** Begins to listen, and gives streams that were live when the server stopped the rest of their reconnect window. */
  open(): void {
    const { events, live } = this.#options;
    const recheck = ({ userId, sessionId }: { userId: string; sessionId?: string }): void => {
      if (sessionId === undefined) this.#recheckPublishers(userId);
    };
    const onBarred = ({ userId, kind }: { userId: string; kind: string }): void => {
      if (kind === 'ban') this.#recheckPublishers(userId);
    };
    const onUpdated = ({ streamId, changes }: { streamId: string; changes: Partial<Stream> }): void => {
      // Its channel became private, or public: no setting of the stream itself.
      if (changes.channelId !== undefined) this.#refreshAll(({ id }) => id === streamId);
    };
    const onChannel = ({ channelId }: { channelId: string }): void =>
      this.#refreshAll((stream) => stream.channelId === channelId);
    const onKey = ({ keyId }: { keyId: string }): void => {
      this.#options.keys.forgetKey(keyId);
      this.#recheckRunning(keyId);
    };
    const onMissed = (): void => {
      this.#refreshAll(() => true);
      this.#untilDone('remembered keys are not checked yet', () => this.#options.keys.reviewRemembered());
      for (const { isPublishing, keyId } of this.#options.streams.all()) {
        if (isPublishing && keyId !== undefined) this.#recheckKey(keyId);
      }
    };
    events.on('access-changed', recheck);
    events.on('user-barred', onBarred);
    events.on('stream-updated', onUpdated);
    events.on('channel-changed', onChannel);
    events.on('key-changed', onKey);
    events.on('access-missed', onMissed);
    const heartbeat = setInterval(() => this.#noteSeen(), this.#limits.heartbeatMs);
    heartbeat.unref();
    this.#stop = [
      live.onEvent((event) => this.#onMedia(event)),
      () => events.off('access-changed', recheck),
      () => events.off('user-barred', onBarred),
      () => events.off('stream-updated', onUpdated),
      () => events.off('channel-changed', onChannel),
      () => events.off('key-changed', onKey),
      () => events.off('access-missed', onMissed),
      () => clearInterval(heartbeat),
    ];
    this.#untilDone('streams left live are not found yet', () => this.#resume());
  }

  /** Listens no more and tries nothing again. Streams stay as they are. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stop) stop();
    this.#stop = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const { timer } of this.#expiries.values()) clearTimeout(timer);
    this.#expiries.clear();
  }

  /** Goes live, or is armed. Rejects with STREAM_ALREADY_LIVE, or STREAM_NOT_PREPARED when its life is over. */
  async start(streamId: string): Promise<StreamRow> {
    const { row, wentLive } = await this.#step(streamId, async (tx, before) => {
      if (before.status === 'live') throw liveError('STREAM_ALREADY_LIVE', 'Stream is already live');
      if (!isWaiting(before)) {
        throw liveError('STREAM_NOT_PREPARED', `stream ${streamId} is ${before.status}: make a new one`);
      }
      const wentLive = this.#options.streams.get(streamId)?.isPublishing === true;
      if (wentLive) await markLive(tx, streamId);
      else await markArmed(tx, streamId);
      return wentLive;
    }).then(({ row, result }) => ({ row, wentLive: result }));
    if (wentLive) this.#tellLive(row);
    else {
      this.#options.events.emit('stream-updated', { streamId, changes: { autoStart: true } });
      // Its publisher may have come in just now.
      if (this.#options.streams.get(streamId)?.isPublishing === true) this.#settle(streamId);
    }
    return row;
  }

  /** Ends a live stream and its media at once. Rejects with STREAM_NOT_LIVE for one that never was. */
  async end(streamId: string): Promise<StreamRow> {
    const { row, result } = await this.#step(streamId, async (tx, before) => {
      if (before.status === 'ended') return false;
      if (before.status !== 'live' && before.status !== 'ending') throw new StreamNotLiveError(streamId);
      await markEnded(tx, streamId);
      return true;
    });
    if (result) this.#tellEnded(row, 'completed');
    this.#options.live.end(streamId);
    return row;
  }

  /** Calls a stream off that has not begun. Rejects with STREAM_NOT_SCHEDULED for any other. */
  async cancel(streamId: string): Promise<StreamRow> {
    const { row } = await this.#step(streamId, async (tx, before) => {
      if (!isWaiting(before))
        throw liveError('STREAM_NOT_SCHEDULED', 'Only scheduled streams can be cancelled');
      await markCancelled(tx, streamId);
    });
    this.#dropMedia(streamId);
    this.#options.events.emit('stream-updated', { streamId, changes: { status: 'cancelled' } });
    return row;
  }

  /** A stream was deleted: nobody watches or publishes it from now on. */
  deleted(row: Pick<StreamRow, 'id' | 'status'>): void {
    this.#dropMedia(row.id);
    if (row.status === 'live')
      this.#options.events.emit('stream-ended', { streamId: row.id, reason: 'deleted' });
    this.#options.events.emit('stream-deleted', { streamId: row.id });
  }

  /**
   * A stream's settings changed: who may watch it may be others now.
   * @param outdated {@link outdated} before the row was read.
   */
  changed(row: StreamRow, outdated: number): void {
    if (this.#options.streams.get(row.id) !== undefined) this.#admit(factsOf(row), outdated);
    if (row.auto_start && this.#options.streams.get(row.id)?.isPublishing === true) this.#settle(row.id);
  }

  #dropMedia(streamId: string): void {
    this.#options.streams.change(streamId, { phase: 'gone' });
    this.#options.keys.forget(streamId);
    this.#options.live.end(streamId);
  }

  #onMedia(event: LiveEvent): void {
    const { events, streams } = this.#options;
    const { streamId } = event;
    // Keys of files and the test card publish streams that have no life in the database.
    const stream = streams.get(streamId);
    if (stream === undefined) return;
    if (event.type === 'publisher-connected') {
      const { keyId } = event;
      this.#media.set(streamId, { state: 'publishing', reason: undefined });
      streams.change(streamId, { isPublishing: true, keyId });
      this.#recheckKey(keyId);
    } else {
      const reason = event.type === 'publisher-lost' ? event.reason : this.#media.get(streamId)?.reason;
      this.#media.set(streamId, { state: event.type === 'ended' ? 'none' : 'lost', reason });
      streams.change(streamId, { isPublishing: false });
    }
    const isPublishing = event.type === 'publisher-connected';
    if (stream.isPublishing !== isPublishing) {
      const isReconnecting = !isPublishing && stream.phase === 'live' && event.type !== 'ended';
      events.emit('stream-updated', { streamId, changes: { isPublishing, isReconnecting } });
    }
    const fault = event.type === 'publisher-lost' ? mediaFault(event.reason) : undefined;
    if (fault !== undefined) events.emit('stream-error', { streamId, ...fault });
    // A server that stops leaves its streams as they are: their publishers come back to the next one.
    if (event.type === 'publisher-lost' && event.reason === 'server-stopping') return;
    this.#settle(streamId);
  }

  /** Brings the database to what is so, one step at a time for each stream. */
  #settle(streamId: string): void {
    if (this.#settling.has(streamId)) {
      this.#settling.set(streamId, true);
      return;
    }
    this.#settling.set(streamId, false);
    this.#untilDone('a stream’s state is not written yet', async () => {
      do {
        this.#settling.set(streamId, false);
        await this.#settleOnce(streamId);
      } while (this.#settling.get(streamId) === true);
      this.#settling.delete(streamId);
    });
  }

  async #settleOnce(streamId: string): Promise<void> {
    const media = this.#media.get(streamId);
    if (media === undefined) return;
    let step: 'live' | 'ended' | 'over' | undefined;
    const done = await this.#tryStep(streamId, async (tx, before) => {
      step = undefined;
      if (!isWaiting(before) && before.status !== 'live' && before.status !== 'ending') step = 'over';
      else if (media.state === 'publishing' && isWaiting(before) && before.auto_start) step = 'live';
      else if (media.state === 'none' && !isWaiting(before)) step = 'ended';
      if (step === 'live') await markLive(tx, streamId);
      else if (step === 'ended') await markEnded(tx, streamId);
      else if (media.state !== 'none' && before.status === 'live') await markSeen(tx, [streamId]);
    });
    if (done === undefined || step === 'over') {
      // It ended or was deleted while its publisher came in.
      if (media.state !== 'none') this.#options.live.end(streamId);
      if (done === undefined) this.#options.streams.change(streamId, { phase: 'gone' });
    } else if (step === 'live') this.#tellLive(done.row);
    else if (step === 'ended') this.#tellEnded(done.row, endReason(media.reason));
    if (media.state === 'none' && this.#media.get(streamId) === media) this.#media.delete(streamId);
  }

  #tellLive(row: StreamRow): void {
    this.#options.log.info({ streamId: row.id }, 'stream is live');
    this.#options.events.emit('stream-live', {
      stream: this.#options.mapper.toStream(row, { owner: false }),
    });
  }

  #tellEnded(row: StreamRow, reason: string): void {
    this.#options.keys.forget(row.id);
    this.#options.log.info({ streamId: row.id, reason }, 'stream ended for good');
    this.#options.events.emit('stream-ended', { streamId: row.id, reason });
  }

  /** One step of a stream's life, under its row's lock; what it comes to is entered for publishing and watching. */
  async #step<T>(
    streamId: string,
    work: (tx: Tx, before: StreamRow) => Promise<T>,
  ): Promise<{ readonly row: StreamRow; readonly result: T }> {
    const done = await this.#tryStep(streamId, work);
    if (done === undefined) throw new StreamNotFoundError(streamId);
    return done;
  }

  async #tryStep<T>(
    streamId: string,
    work: (tx: Tx, before: StreamRow) => Promise<T>,
  ): Promise<{ readonly row: StreamRow; readonly result: T } | undefined> {
    const { outdated } = this.#options.streams;
    // As the server: a step writes what no user's role may, and owners were asked for before.
    const done = await this.#options.database.asService(async (tx) => {
      const before = await lockStream(tx, streamId);
      if (before === undefined) return undefined;
      const result = await work(tx, before);
      const row = await lockStream(tx, streamId);
      return row === undefined ? undefined : { row, result };
    });
    if (done !== undefined && this.#options.streams.get(streamId) !== undefined) {
      const facts = factsOf(done.row);
      // Before anybody may ask for it: what was sent until now was for its owners' eyes.
      if (this.#options.streams.get(streamId)?.phase === 'waiting' && facts.phase === 'live')
        this.#options.live.beginAudience(streamId);
      this.#admit(facts, outdated);
    }
    return done;
  }

  async #resume(): Promise<void> {
    const { clock, database, reconnectWindowMs, streams } = this.#options;
    const left = await database.asService(readLeftLive);
    const now = clock.now();
    for (const { row, seenAt } of left) {
      streams.admit(factsOf(row));
      if (this.#media.has(row.id)) continue;
      const seconds = row.reconnect_window_seconds;
      const windowMs = seconds === null ? reconnectWindowMs : seconds * 1000;
      const restMs = (seenAt ?? row.started_at ?? row.updated_at).getTime() + windowMs - now;
      // Encoders need a moment to find that the server is back; and a clock that was set may promise too much.
      const waitMs = Math.min(windowMs, Math.max(restMs, this.#limits.restartGraceMs));
      this.#later(waitMs, () => {
        if (this.#media.has(row.id)) return;
        this.#media.set(row.id, { state: 'none', reason: 'connection-lost' });
        this.#settle(row.id);
      });
    }
    if (left.length > 0)
      this.#options.log.info({ streams: left.length }, 'streams wait for their publishers');
  }

  /** Enters what a row says. Where a channel changed while it was read, what was known of privacy stays until it is read again. */
  #admit(facts: StreamFacts, outdated: number): void {
    const { streams } = this.#options;
    const known = streams.get(facts.id);
    if (outdated === streams.outdated || known?.visibility !== 'private') streams.admit(facts);
    else streams.admit({ ...facts, visibility: 'private' });
    if (outdated !== streams.outdated) this.#refresh(facts.id);
  }

  /** Reads those streams again whose channels may have become private, or public. */
  #refreshAll(which: (stream: StreamFacts) => boolean): void {
    const { streams } = this.#options;
    streams.outdate();
    for (const stream of streams.all()) if (which(stream)) this.#refresh(stream.id);
  }

  #refresh(streamId: string): void {
    const { database, streams } = this.#options;
    this.#untilDone('a stream’s visibility is not known yet', async () => {
      for (let outdated = -1; outdated !== streams.outdated; ) {
        outdated = streams.outdated;
        const row = await database.asService((tx) => findStream(tx, streamId));
        // Gone in the meantime from here, or from the database.
        if (row === undefined || streams.get(streamId) === undefined) return;
        if (outdated === streams.outdated) streams.admit(factsOf(row));
      }
    });
  }

  #noteSeen(): void {
    const ids = this.#options.streams.all().flatMap(({ id, isPublishing }) => (isPublishing ? [id] : []));
    if (ids.length === 0) return;
    this.#options.database
      .asService((tx) => markSeen(tx, ids))
      .catch((error: unknown) => this.#options.log.debug({ error }, 'publishers not noted'));
  }

  /** Somebody's rights changed: what they publish now ends when they may no longer. */
  #recheckPublishers(userId: string): void {
    for (const { broadcasterId, isPublishing, keyId } of this.#options.streams.all()) {
      if (broadcasterId === userId && isPublishing && keyId !== undefined) this.#recheckKey(keyId);
    }
  }

  #recheckRunning(keyId: string): void {
    if (this.#options.streams.all().some((stream) => stream.isPublishing && stream.keyId === keyId))
      this.#recheckKey(keyId);
  }

  #recheckKey(keyId: string): void {
    this.#untilDone('a key is not checked yet', async () => {
      const restMs = await this.#options.keys.mayGoOnForMs(keyId);
      if (restMs <= 0) this.#options.live.revoke(keyId);
      else if (restMs !== Number.POSITIVE_INFINITY) this.#recheckIn(keyId, Math.min(restMs, LONGEST_WAIT_MS));
    });
  }

  /** An earlier time that was planned stays: answers of the database may come out of order, and asking once too often does no harm. */
  #recheckIn(keyId: string, delayMs: number): void {
    const atMs = performance.now() + delayMs;
    const planned = this.#expiries.get(keyId);
    if (this.#closed || (planned !== undefined && planned.atMs <= atMs)) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.#expiries.delete(keyId);
      this.#recheckRunning(keyId);
    }, delayMs).unref();
    this.#expiries.set(keyId, { atMs, timer });
  }

  /** Does something until the database lets it. */
  #untilDone(trouble: string, work: () => Promise<void>): void {
    if (this.#closed) return;
    work().catch((error: unknown) => {
      if (this.#closed) return;
      this.#options.log.warn({ error }, trouble);
      this.#later(this.#limits.retryMs, () => this.#untilDone(trouble, work));
    });
  }

  #later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delayMs);
    timer.unref();
    this.#timers.add(timer);
  }
}

/** A timer of Node's runs for 24 days at most: what is later is asked for again. Milliseconds. */
const LONGEST_WAIT_MS = 86_400_000;

function isWaiting({ status }: Pick<StreamRow, 'status'>): boolean {
  return status === 'scheduled' || status === 'preparing';
}

/** Why a stream ended, in the words of `stream:end`. */
function endReason(reason: PublisherEnd | undefined): string {
  if (reason === 'revoked') return 'revoked';
  return reason === 'connection-lost' || reason === 'protocol-error' ? 'publisher-lost' : 'completed';
}
