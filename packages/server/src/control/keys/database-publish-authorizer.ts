import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublishAuthorizer, PublishDecision, PublishRequest } from '../../stream/publisher.ts';
import type { ManagedStreams } from '../watching/managed-streams.ts';
import type { KeyRing } from './key-ring.ts';
import { DEFAULT_KEYS_LIMITS, type KeysLimits } from './keys-limits.ts';
import { publishRefusal } from './publish-permit.ts';
import {
  markUsed,
  type PublishFacts,
  readHolding,
  readKey,
  readPublishFacts,
  resealKey,
} from './repository.ts';
import { keyContext } from './stream-keys.ts';

/** What deciding about publishers needs. */
export interface DatabasePublishAuthorizerOptions {
  readonly database: Database;
  readonly ring: KeyRing;
  /** Learns of each stream before its publisher is let in. */
  readonly streams: ManagedStreams;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<KeysLimits>;
}

/** As all keys of ours look; anything else is not worth a question to the database. */
const FORM = /^live_[\w-]{20,100}$/;

interface Remembered {
  readonly facts: PublishFacts;
  readonly atMs: number;
}

/**
 * Who may publish, by the keys in the database. A key is found by its keyed hash: how long that takes tells nothing of any key. While the
 * database is away, keys that were good within the last hour still are, so that encoders which reconnect keep their stream.
 */
export class DatabasePublishAuthorizer implements PublishAuthorizer {
  readonly #options: DatabasePublishAuthorizerOptions;
  readonly #limits: KeysLimits;
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: DatabasePublishAuthorizerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_KEYS_LIMITS, ...options.limits };
  }

  async authorize({ streamKey }: PublishRequest): Promise<PublishDecision> {
    if (!FORM.test(streamKey)) return { allowed: false, reason: 'unknown stream key' };
    const { database, log, ring } = this.#options;
    const lookup = ring.lookup(streamKey);
    let facts: PublishFacts | undefined;
    try {
      // As the server: no user's role sees keys.
      facts = await this.#read(() =>
        database.asService((tx) => readPublishFacts(tx, { lookups: ring.lookups(streamKey) })),
      );
    } catch (error) {
      log.warn({ error }, 'cannot ask the database for a stream key');
      return this.#decideAlone(lookup);
    }
    if (facts === undefined) {
      this.#remembered.delete(lookup);
      return { allowed: false, reason: 'unknown stream key' };
    }
    const refusal = publishRefusal(facts);
    if (refusal !== undefined) {
      this.#remembered.delete(lookup);
      return { allowed: false, reason: refusal, isGuess: false };
    }
    this.#remember(lookup, facts);
    this.#noteUse(facts, streamKey);
    return this.#admit(facts);
  }

  /**
   * How much longer who publishes with a key may go on, in milliseconds; 0: no longer, Infinity: until something changes. The end of an
   * overlap is no end: it closes the door to new connections only. Rejects when the database is away.
   */
  async mayGoOnForMs(keyId: string): Promise<number> {
    const facts = await this.#options.database.asService((tx) => readPublishFacts(tx, { id: keyId }));
    const isOver = facts === undefined || publishRefusal({ ...facts, keyExpired: false }) !== undefined;
    const endsInMs = isOver ? 0 : facts.keyReplaced ? undefined : facts.expiresInMs;
    if (endsInMs === 0) this.forgetKey(keyId);
    return endsInMs ?? Number.POSITIVE_INFINITY;
  }

  /** Asks of all keys in memory whether they still hold: what happened to them was not heard for a while. Rejects when the database is away. */
  async reviewRemembered(): Promise<void> {
    const ids = [...this.#remembered.values()].map(({ facts }) => facts.keyId);
    if (ids.length === 0) return;
    const holding = await this.#options.database.asService((tx) => readHolding(tx, ids));
    const asked = new Set(ids);
    for (const [lookup, { facts }] of this.#remembered) {
      if (asked.has(facts.keyId) && !holding.has(facts.keyId)) this.#remembered.delete(lookup);
    }
  }

  /** Takes a stream's keys from memory: it ended, or its key is another. */
  forget(streamId: string): void {
    for (const [lookup, { facts }] of this.#remembered) {
      if (facts.streamId === streamId) this.#remembered.delete(lookup);
    }
  }

  /** Takes one key from memory: it was changed. */
  forgetKey(keyId: string): void {
    for (const [lookup, { facts }] of this.#remembered) {
      if (facts.keyId === keyId) this.#remembered.delete(lookup);
    }
  }

  /** Once more when a channel became private while it was read. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const { outdated } = this.#options.streams;
      const facts = await read();
      if (outdated === this.#options.streams.outdated) return facts;
    }
  }

  #decideAlone(lookup: string): PublishDecision {
    const known = this.#remembered.get(lookup);
    if (known !== undefined && this.#options.clock.monotonicMs() - known.atMs < this.#limits.rememberMs) {
      return this.#admit(known.facts);
    }
    return {
      allowed: false,
      reason: 'the server cannot check stream keys at the moment: try again',
      isGuess: false,
    };
  }

  #admit(facts: PublishFacts): PublishDecision {
    const { streamId, keyId, reconnectWindowSeconds, bitrateKbps, maxResolution, fps } = facts;
    const reconnectWindowMs =
      reconnectWindowSeconds === undefined ? undefined : reconnectWindowSeconds * 1000;
    this.#options.streams.admit({
      id: streamId,
      channelId: facts.channelId,
      broadcasterId: facts.broadcasterId,
      visibility: facts.channelIsPrivate || facts.visibility === 'private' ? 'private' : visibilityOf(facts),
      phase: facts.status === 'live' || facts.status === 'ending' ? 'live' : 'waiting',
      reconnectWindowMs,
      changedAtMs: facts.changedAtMs,
    });
    return {
      allowed: true,
      streamId,
      keyId,
      ...(reconnectWindowMs === undefined ? {} : { reconnectWindowMs }),
      maxBitrateBps: bitrateKbps * 1000,
      maxFrameRate: fps,
      ...(maxResolution === 'auto' ? {} : { maxShortSide: Number.parseInt(maxResolution, 10) }),
    };
  }

  #remember(lookup: string, facts: PublishFacts): void {
    this.#remembered.delete(lookup);
    this.#remembered.set(lookup, { facts, atMs: this.#options.clock.monotonicMs() });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= this.#limits.maxRemembered) return;
      this.#remembered.delete(oldest);
    }
  }

  /** Beside the way of the publisher, who does not wait for it. */
  #noteUse({ keyId, kid }: PublishFacts, streamKey: string): void {
    const { database, log, ring } = this.#options;
    database
      .asService(async (tx) => {
        await markUsed(tx, keyId);
        if (kid === ring.kid) return;
        const key = await readKey(tx, keyId);
        if (key !== undefined)
          await resealKey(tx, keyId, ring.lookup(streamKey), ring.seal(streamKey, keyContext(key)));
      })
      .catch((error: unknown) => log.debug({ error, keyId }, 'use of a stream key not noted'));
  }
}

function visibilityOf({ visibility }: PublishFacts): 'public' | 'unlisted' {
  return visibility === 'public' ? 'public' : 'unlisted';
}
