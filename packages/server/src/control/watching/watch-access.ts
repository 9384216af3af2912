import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../api/actor.ts';
import type { Database } from '../../db/database.ts';
import type {
  RevocationListener,
  ViewDecision,
  ViewerAuthorizer,
  ViewRequest,
} from '../../packager/presentation.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import type { ManagedStream, ManagedStreams } from './managed-streams.ts';
import { readAccountRole, readWatchRights } from './repository.ts';
import { type WatchScope, type WatchToken, WatchTokens } from './watch-token.ts';
import { DEFAULT_WATCHING_LIMITS, type WatchingLimits } from './watching-limits.ts';

/** What watching is decided by. */
export interface WatchAccessOptions {
  readonly streams: ManagedStreams;
  readonly database: Database;
  readonly events: ControlEvents;
  readonly clock: Clock;
  readonly log: Logger;
  /** Signs watch tokens: 32 bytes that outlive the process, so that viewers survive a restart. */
  readonly secret: Uint8Array;
  readonly limits?: Partial<WatchingLimits>;
}

/** A token and until when it opens its stream. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Who lost the right, of whom more than this many are not remembered one by one. */
const MAX_REVOCATIONS = 100_000;

/**
 * Decides who may watch, without asking the database: streams that it does not manage are public, as are managed ones that are live and
 * not private; all else needs a token of ours, bound to stream, person and session. What takes a right away (ban, another role, signing
 * out, unpublishing) is heard as an event and holds from then on.
 */
export class WatchAccess implements ViewerAuthorizer {
  readonly #options: WatchAccessOptions;
  readonly #limits: WatchingLimits;
  readonly #tokens: WatchTokens;
  /** Tokens from before this process, or from before changes went unheard, are asked for once: who was banned then is not remembered. */
  #startedAtMs: number;
  readonly #proven = new Map<string, Promise<boolean>>();
  /** By person and stream, or by session: tokens issued until then are void. */
  readonly #revokedAtMs = new Map<string, number>();
  readonly #listeners = new Set<RevocationListener>();
  readonly #stop: readonly (() => void)[];
  #everythingBeforeMs = 0;
  #closed = false;

  constructor(options: WatchAccessOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_WATCHING_LIMITS, ...options.limits };
    this.#tokens = new WatchTokens(options.secret);
    this.#startedAtMs = options.clock.now();
    const { events, streams } = options;
    const onBarred = ({ channelId, streamId, userId, kind }: Barred): void => {
      if (kind !== 'ban') return;
      for (const stream of streams.all()) {
        if (stream.channelId !== channelId || (streamId !== undefined && stream.id !== streamId)) continue;
        this.#revoke(stream.id, userId);
      }
    };
    const onAccessChanged = ({ userId, sessionId }: { userId: string; sessionId?: string }): void => {
      if (sessionId === undefined) this.#askAgain(userId);
      else this.#revokeSession(sessionId);
    };
    const onMissed = (): void => this.#askForAll();
    events.on('access-missed', onMissed);
    events.on('user-barred', onBarred);
    events.on('access-changed', onAccessChanged);
    this.#stop = [
      () => events.off('user-barred', onBarred),
      () => events.off('access-changed', onAccessChanged),
      () => events.off('access-missed', onMissed),
      streams.onChange((now, before) => {
        if (before !== undefined && isOpen(before) && !isOpen(now)) this.#tell(now.id);
        else if (before?.phase !== 'gone' && now.phase === 'gone') this.#tell(now.id);
      }),
    ];
  }

  authorize({ streamId, token }: ViewRequest): ViewDecision | Promise<ViewDecision> {
    const stream = this.#options.streams.get(streamId);
    if (stream === undefined || isOpen(stream)) return 'public';
    // Before it is live a stream is not there, also for who waits for it with a token of a viewer.
    const refused = stream.phase === 'live' || stream.phase === 'over' ? 'denied' : 'absent';
    if (token === undefined || stream.phase === 'gone') return refused;
    const read = this.#tokens.read(streamId, token);
    if (read === undefined || read.expiresAtMs <= this.#options.clock.now()) return refused;
    if (!this.#holds(stream, read)) return refused;
    if (read.issuedAtMs >= this.#startedAtMs) return 'private';
    return this.#proof(streamId, read).then((proven) => (proven ? 'private' : refused));
  }

  /** True for a stream that lists of live streams may name to everybody. */
  isListed(streamId: string): boolean {
    const stream = this.#options.streams.get(streamId);
    return stream === undefined || (isOpen(stream) && stream.visibility === 'public');
  }

  /** A token for somebody who was found to be allowed. Throws TypeError for nobody who signed in. */
  issue(actor: Actor, streamId: string, scope: WatchScope): IssuedToken {
    const { userId, sessionId } = actor;
    if (userId === undefined) throw new TypeError('a watch token is for somebody who signed in');
    const issuedAtMs = this.#options.clock.now();
    const expiresAtMs = issuedAtMs + this.#limits.tokenLifeMs;
    const sessionMark = sessionId === undefined ? undefined : this.#tokens.sessionMark(sessionId);
    const token = this.#tokens.issue(streamId, { scope, userId, issuedAtMs, expiresAtMs, sessionMark });
    return { token, expiresAtMs };
  }

  onRevoked(listener: RevocationListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Hears no more. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stop) stop();
    this.#listeners.clear();
  }

  /** True unless the right was taken away since the token was issued. */
  #holds(stream: ManagedStream, token: WatchToken): boolean {
    if (stream.phase === 'waiting' && token.scope !== 'preview') return false;
    const { issuedAtMs, sessionMark, userId } = token;
    if (issuedAtMs <= this.#everythingBeforeMs) return false;
    if (issuedAtMs <= (this.#revokedAtMs.get(`${stream.id} ${userId}`) ?? 0)) return false;
    return sessionMark === undefined || issuedAtMs > (this.#revokedAtMs.get(sessionMark) ?? 0);
  }

  #mayStay(streamId: string, token: string | undefined): boolean {
    const stream = this.#options.streams.get(streamId);
    if (stream === undefined || isOpen(stream)) return true;
    if (token === undefined || stream.phase === 'gone') return false;
    // Not its expiry: a session that was opened in time may go on.
    const read = this.#tokens.read(streamId, token);
    return read !== undefined && this.#holds(stream, read);
  }

  #revoke(streamId: string, userId: string): void {
    this.#remember(`${streamId} ${userId}`);
    this.#proven.delete(`${streamId} ${userId}`);
    this.#tell(streamId);
  }

  #revokeSession(sessionId: string): void {
    this.#remember(this.#tokens.sessionMark(sessionId));
    for (const stream of this.#options.streams.all()) if (!isOpen(stream)) this.#tell(stream.id);
  }

  #remember(who: string): void {
    const now = this.#options.clock.now();
    if (this.#revokedAtMs.size >= MAX_REVOCATIONS) {
      for (const [each, atMs] of this.#revokedAtMs) {
        if (atMs + this.#limits.tokenLifeMs < now) this.#revokedAtMs.delete(each);
      }
    }
    if (this.#revokedAtMs.size >= MAX_REVOCATIONS) {
      // Nobody's revocation is ever forgotten: rather everybody renews.
      this.#everythingBeforeMs = now;
      this.#revokedAtMs.clear();
    }
    this.#revokedAtMs.set(who, now);
  }

  #tell(streamId: string): void {
    for (const listener of this.#listeners) listener(streamId, (token) => this.#mayStay(streamId, token));
  }

  /** Somebody's roles changed: what they hold tokens for is looked at anew, until the database answers. */
  #askAgain(userId: string): void {
    for (const stream of this.#options.streams.all())
      if (!isOpen(stream)) void this.#askAbout(stream, userId);
  }

  /** Anybody's rights may have changed: who holds a token is asked for before it opens anything anew, who watches now at once. */
  #askForAll(): void {
    this.#startedAtMs = this.#options.clock.now() + 1;
    this.#proven.clear();
    for (const stream of this.#options.streams.all()) {
      if (isOpen(stream)) continue;
      const watching = new Set<string>();
      for (const listener of this.#listeners) {
        listener(stream.id, (token) => {
          const read = token === undefined ? undefined : this.#tokens.read(stream.id, token);
          if (read !== undefined) watching.add(read.userId);
          return this.#mayStay(stream.id, token);
        });
      }
      void this.#askInTurn(stream, watching);
    }
  }

  /** One after another: others need the database too. */
  async #askInTurn(stream: ManagedStream, userIds: Iterable<string>): Promise<void> {
    for (const userId of userIds) await this.#askAbout(stream, userId);
  }

  /** Until the database answers. */
  async #askAbout(stream: ManagedStream, userId: string): Promise<void> {
    this.#proven.delete(`${stream.id} ${userId}`);
    while (!this.#closed) {
      try {
        const scope = await this.#rightsOf(stream.id, userId);
        if (scope !== 'preview') this.#revokeUnless(stream, userId, scope);
        return;
      } catch {
        await sleep(this.#limits.retryMs, undefined, { ref: false });
      }
    }
  }

  /** Who may view but owns nothing keeps a live stream and loses a preview. */
  #revokeUnless(stream: ManagedStream, userId: string, scope: WatchScope | undefined): void {
    if (scope === undefined || this.#options.streams.get(stream.id)?.phase === 'waiting') {
      this.#revoke(stream.id, userId);
    }
  }

  #proof(streamId: string, token: WatchToken): Promise<boolean> {
    const key = `${streamId} ${token.userId}`;
    let asked = this.#proven.get(key);
    if (asked === undefined) {
      asked = this.#rightsOf(streamId, token.userId).then(
        (scope) => scope === 'preview' || scope === token.scope,
        (error: unknown) => {
          this.#proven.delete(key);
          this.#options.log.warn({ error, streamId }, 'could not prove an older watch token');
          return false;
        },
      );
      if (this.#proven.size >= MAX_REVOCATIONS) this.#proven.clear();
      this.#proven.set(key, asked);
    }
    return asked;
  }

  /** The most that somebody may do with a stream's media now; undefined: nothing. */
  async #rightsOf(streamId: string, userId: string): Promise<WatchScope | undefined> {
    const { database } = this.#options;
    // As the server: nobody may read another's account.
    const role = await database.asService((tx) => readAccountRole(tx, userId));
    if (role === 'disabled') return undefined;
    const { mayView, owns, isBanned } = await database.asUser({ userId, role }, (tx) =>
      readWatchRights(tx, streamId),
    );
    if (!mayView || (isBanned && !owns)) return undefined;
    return owns ? 'preview' : 'view';
  }
}

interface Barred {
  readonly channelId: string;
  readonly streamId: string | undefined;
  readonly userId: string;
  readonly kind: string;
}

/** True when everybody may watch. */
function isOpen({ phase, visibility }: ManagedStream): boolean {
  return visibility !== 'private' && (phase === 'live' || phase === 'over');
}
