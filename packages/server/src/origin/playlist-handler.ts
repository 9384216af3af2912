import { decideReload, isSatisfied, type ReloadTarget } from '@tallylight/hls/rules/blocking-reload.ts';
import {
  parseReloadQuery,
  type ReloadQuery,
  type ReloadRejection,
} from '@tallylight/hls/rules/reload-query.ts';
import { blockingPlaylist, PLAIN_PLAYLIST, PRIVATE } from './cache-control.ts';
import type { Exchange } from './exchange.ts';
import type { HeldRequests } from './held-requests.ts';
import { holdMs, type OriginLimits } from './origin-limits.ts';
import type { RenditionDesk } from './rendition-desk.ts';
import type { Replier } from './reply.ts';

const PLAIN_RELOAD: ReloadQuery = { action: 'parsed', request: {} };

/** Answers requests for media playlists: at once, held until there is something new (§6.2.5.2), or refused. */
export class PlaylistHandler {
  readonly #replier: Replier;
  readonly #held: HeldRequests;
  readonly #limits: OriginLimits;

  /** @param held keeps what has to wait. */
  constructor(replier: Replier, held: HeldRequests, limits: OriginLimits) {
    this.#replier = replier;
    this.#held = held;
    this.#limits = limits;
  }

  /** @param query the query string without `?`. */
  serve(exchange: Exchange, desk: RenditionDesk, query: string): void {
    const { feed } = desk;
    const parsed = query === '' ? PLAIN_RELOAD : parseReloadQuery(query);
    // Once a playlist has ended, directives are ignored, wrong ones as well (§6.2.5).
    if (feed.ended) this.#answerEnded(exchange, desk);
    else if (parsed.action === 'reject') this.#refuse(exchange, parsed);
    else if (desk.isEmpty) this.#holdUntilStarted(exchange, desk, query);
    else this.#serveReload(exchange, desk, parsed);
  }

  #serveReload(exchange: Exchange, desk: RenditionDesk, asked: ReloadQuery): void {
    if (asked.request.msn === undefined && asked.request.part === undefined) {
      this.#answer(exchange, desk, asked);
      return;
    }
    const { feed } = desk;
    const playlist = feed.playlist();
    const decision = decideReload(asked.request, {
      edge: feed.edge,
      mediaSequence: playlist.mediaSequence,
      partCount: (msn) => feed.partCount(msn),
      partTargetSec: playlist.partTargetSec,
      endList: playlist.endList,
    });
    if (decision.action === 'reject') this.#refuse(exchange, decision);
    else if (decision.action === 'answer') this.#answer(exchange, desk, asked);
    else this.#hold(exchange, desk, asked, decision.until);
  }

  #hold(exchange: Exchange, desk: RenditionDesk, asked: ReloadQuery, until: ReloadTarget): void {
    const { feed } = desk;
    const longestMs = holdMs(this.#limits, feed.playlist().targetDurationSec);
    const held = this.#held.hold(exchange, desk, longestMs, {
      attempt: () => {
        if (!feed.ended && !isSatisfied(until, feed.edge)) return false;
        this.#answer(exchange, desk, asked);
        return true;
      },
      expire: () => this.#replier.sendError(exchange, 503),
      abandon: () => this.#replier.sendError(exchange, 404),
    });
    if (!held) this.#replier.sendError(exchange, 503);
  }

  /** An empty playlist is never served: waits for the first part, for as long as a start may take. */
  #holdUntilStarted(exchange: Exchange, desk: RenditionDesk, query: string): void {
    const held = this.#held.hold(exchange, desk.start, this.#limits.startHoldMs, {
      attempt: () => {
        if (desk.isEmpty && !desk.feed.ended) return false;
        this.serve(exchange, desk, query);
        return true;
      },
      expire: () => this.#replier.sendError(exchange, 404),
      abandon: () => this.#replier.sendError(exchange, 404),
    });
    if (!held) this.#replier.sendError(exchange, 503);
  }

  #answer(exchange: Exchange, desk: RenditionDesk, asked: ReloadQuery): void {
    const rendered = asked.skip === undefined ? desk.full() : desk.delta();
    this.#replier.sendPlaylist(exchange, rendered, cacheControl(exchange, desk, asked));
  }

  #answerEnded(exchange: Exchange, desk: RenditionDesk): void {
    if (desk.isEmpty) this.#replier.sendError(exchange, 404);
    else this.#answer(exchange, desk, PLAIN_RELOAD);
  }

  #refuse(exchange: Exchange, rejection: ReloadRejection): void {
    this.#replier.sendError(exchange, rejection.status, [], Buffer.from(`${rejection.reason}\n`));
  }
}

function cacheControl(exchange: Exchange, desk: RenditionDesk, asked: ReloadQuery): string {
  if (exchange.visibility === 'private') return PRIVATE;
  const { targetDurationSec, mediaSequence } = desk.feed.playlist();
  // An msn that has left the window is not in the answer, so the answer is worth no more than a plain one.
  const { msn } = asked.request;
  return msn === undefined || msn < mediaSequence ? PLAIN_PLAYLIST : blockingPlaylist(targetDurationSec);
}
