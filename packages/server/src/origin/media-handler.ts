import { parseRange, slicePieces } from './byte-range.ts';
import { IMMUTABLE, PRIVATE } from './cache-control.ts';
import type { Exchange } from './exchange.ts';
import type { HeldRequests } from './held-requests.ts';
import { holdMs, type OriginLimits } from './origin-limits.ts';
import type { RenditionDesk } from './rendition-desk.ts';
import type { Replier } from './reply.ts';

/** Answers requests for init sections, segments and parts, whole or in ranges; hinted parts wait until they are whole. */
export class MediaHandler {
  readonly #replier: Replier;
  readonly #held: HeldRequests;
  readonly #limits: OriginLimits;

  /** @param held keeps requests for hinted parts. */
  constructor(replier: Replier, held: HeldRequests, limits: OriginLimits) {
    this.#replier = replier;
    this.#held = held;
    this.#limits = limits;
  }

  /** @param name file name of an init section, segment or part. */
  serve(exchange: Exchange, desk: RenditionDesk, name: string): void {
    const { feed } = desk;
    const pieces = feed.media(name);
    if (pieces !== undefined) this.#send(exchange, desk, name, pieces);
    else if (feed.isHinted(name)) this.#hold(exchange, desk, name);
    else this.#replier.sendError(exchange, 404);
  }

  /** §6.2.6: a hinted part is held, and then sent whole at full speed; a hint that came to nothing is 404 at once. */
  #hold(exchange: Exchange, desk: RenditionDesk, name: string): void {
    const { feed } = desk;
    const held = this.#held.hold(exchange, desk, holdMs(this.#limits, feed.playlist().targetDurationSec), {
      attempt: () => {
        const pieces = feed.media(name);
        if (pieces !== undefined) this.#send(exchange, desk, name, pieces);
        else if (feed.isHinted(name)) return false;
        else this.#replier.sendError(exchange, 404);
        return true;
      },
      expire: () => this.#replier.sendError(exchange, 503),
      abandon: () => this.#replier.sendError(exchange, 404),
    });
    if (!held) this.#replier.sendError(exchange, 503);
  }

  #send(exchange: Exchange, desk: RenditionDesk, name: string, pieces: readonly Uint8Array[]): void {
    let sizeBytes = 0;
    for (const piece of pieces) sizeBytes += piece.length;
    const { range, 'if-none-match': known, 'if-range': ifRange } = exchange.request.headers;
    // Names are unique for ever, so a name is as good as a hash of its bytes.
    const tag = `"${name}"`;
    const headers = this.#replier.headers(exchange.visibility === 'private' ? PRIVATE : IMMUTABLE, [
      'Content-Type',
      desk.mediaType,
      'ETag',
      tag,
      'Accept-Ranges',
      'bytes',
    ]);
    if (known !== undefined && matches(known, tag)) {
      this.#replier.sendEmpty(exchange, 304, headers);
      return;
    }
    const span =
      range === undefined || (ifRange !== undefined && ifRange !== tag)
        ? undefined
        : parseRange(range, sizeBytes);
    if (span === undefined) {
      headers.push('Content-Length', String(sizeBytes));
      this.#replier.sendPieces(exchange, 200, headers, pieces);
    } else if (span === 'unsatisfiable') {
      this.#replier.sendError(exchange, 416, ['Content-Range', `bytes */${sizeBytes}`]);
    } else {
      headers.push('Content-Range', `bytes ${span.first}-${span.last}/${sizeBytes}`);
      headers.push('Content-Length', String(span.last + 1 - span.first));
      this.#replier.sendPieces(exchange, 206, headers, slicePieces(pieces, span));
    }
  }
}

/** If-None-Match (RFC 9110 §13.1.2): `*`, or a list with our tag in it. Tags hold no commas, so a search will do. */
function matches(header: string, tag: string): boolean {
  return header === '*' || header.includes(tag);
}
