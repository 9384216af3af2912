import type { MultivariantPlaylist } from '@tallylight/hls/multivariant-playlist.ts';
import { writeMultivariantPlaylist } from '@tallylight/hls/write-multivariant-playlist.ts';
import type { Presentation, PresentationDirectory } from '../packager/presentation.ts';
import { MULTIVARIANT, PRIVATE } from './cache-control.ts';
import type { Exchange } from './exchange.ts';
import type { HeldRequests, WaitingPlace } from './held-requests.ts';
import type { OriginLimits } from './origin-limits.ts';
import { RenderedPlaylist } from './rendered-playlist.ts';
import type { Replier } from './reply.ts';

/** Answers requests for multivariant playlists; those of a stream that is just starting wait for its first parts. */
export class MultivariantHandler {
  readonly #replier: Replier;
  readonly #held: HeldRequests;
  readonly #directory: PresentationDirectory;
  readonly #limits: OriginLimits;
  readonly #rendered = new WeakMap<MultivariantPlaylist, RenderedPlaylist>();
  readonly #starts = new WeakMap<Presentation, WaitingPlace>();

  /** @param directory tells whether a stream that is waited for is still offered. */
  constructor(replier: Replier, held: HeldRequests, directory: PresentationDirectory, limits: OriginLimits) {
    this.#replier = replier;
    this.#held = held;
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Answers now, or within `startHoldMs`. */
  serve(exchange: Exchange, presentation: Presentation): void {
    if (this.#attempt(exchange, presentation)) return;
    const held = this.#held.hold(exchange, this.#startOf(presentation), this.#limits.startHoldMs, {
      attempt: () => this.#attempt(exchange, presentation),
      expire: () => this.#replier.sendError(exchange, 404),
      abandon: () => this.#replier.sendError(exchange, 404),
    });
    if (!held) this.#replier.sendError(exchange, 503);
  }

  #attempt(exchange: Exchange, presentation: Presentation): boolean {
    const playlist = presentation.multivariant();
    if (playlist === undefined) return false;
    let rendered = this.#rendered.get(playlist);
    if (rendered === undefined) {
      rendered = new RenderedPlaylist(writeMultivariantPlaylist(playlist));
      this.#rendered.set(playlist, rendered);
    }
    this.#replier.sendPlaylist(
      exchange,
      rendered,
      exchange.visibility === 'private' ? PRIVATE : MULTIVARIANT,
    );
    return true;
  }

  #startOf(presentation: Presentation): WaitingPlace {
    let place = this.#starts.get(presentation);
    if (place === undefined) {
      place = { isAbandoned: () => this.#directory.presentation(presentation.streamId) !== presentation };
      this.#starts.set(presentation, place);
    }
    return place;
  }
}
