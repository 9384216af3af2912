import type { CoarseTimer, Ticked } from './coarse-timer.ts';
import { channelOf, type OriginResponse, type ResponseChannel } from './exchange.ts';
import type { RenderedText } from './rendered-playlist.ts';

/** A response that is not wholly handed to the kernel yet. */
interface Draining {
  readonly response: OriginResponse;
  readonly channel: ResponseChannel;
  /** Bytes of the body handed to the channel since watching began. */
  writtenBytes: number;
  /** The most that the reader had taken at any look (relative, may begin below zero), and when that last rose. */
  takenBytes: number;
  sinceMs: number;
}

/**
 * Ends responses without trusting their readers: at most `maxBufferedBytes` of a body wait in our memory, and a reader that
 * takes nothing for `drainTimeoutMs` is cut off. Readers that keep up cost nothing here.
 */
export class DrainWatch implements Ticked {
  readonly #timer: CoarseTimer;
  readonly #maxBufferedBytes: number;
  readonly #drainTimeoutMs: number;
  readonly #draining = new Set<Draining>();

  /** @param timer gives the time and the ticks. */
  constructor(
    timer: CoarseTimer,
    limits: { readonly maxBufferedBytes: number; readonly drainTimeoutMs: number },
  ) {
    this.#timer = timer;
    this.#maxBufferedBytes = limits.maxBufferedBytes;
    this.#drainTimeoutMs = limits.drainTimeoutMs;
  }

  /** Responses that are being drained now. */
  get size(): number {
    return this.#draining.size;
  }

  /** Ends a response with one body. */
  end(response: OriginResponse, body: Uint8Array): void {
    if (body.length > this.#maxBufferedBytes) {
      this.#pump(response, [body]);
      return;
    }
    response.end(body);
    this.#watchUnlessDrained(response);
  }

  /** Ends a response with a text that was rendered for many. */
  endText(response: OriginResponse, text: RenderedText): void {
    if (response.stream === undefined) response.end(text.binary, 'latin1');
    else response.end(text.bytes);
    this.#watchUnlessDrained(response);
  }

  /** Ends a response with a body in pieces: in one burst when it fits, else as fast as the reader takes it. */
  endPieces(response: OriginResponse, pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1;
    if (last < 0) {
      response.end();
      return;
    }
    let sizeBytes = 0;
    for (const piece of pieces) sizeBytes += piece.length;
    if (sizeBytes > this.#maxBufferedBytes) {
      this.#pump(response, pieces);
      return;
    }
    // HTTP/1.1 corks by itself from the first write to `end`; an HTTP/2 stream must be told.
    if (last > 0) response.stream?.cork();
    for (let at = 0; at < last; at++) response.write(pieces[at] as Uint8Array);
    response.end(pieces[last] as Uint8Array);
    this.#watchUnlessDrained(response);
  }

  /** Ticked by the coarse timer. */
  tick(nowMs: number): boolean {
    for (const draining of this.#draining) {
      const { channel } = draining;
      const waitingBytes = channel.destroyed ? 0 : channel.writableLength;
      const takenBytes = draining.writtenBytes - waitingBytes;
      if (channel.destroyed || (waitingBytes === 0 && draining.response.writableEnded)) {
        this.#draining.delete(draining);
      } else if (takenBytes > draining.takenBytes) {
        draining.takenBytes = takenBytes;
        draining.sinceMs = nowMs;
      } else if (nowMs - draining.sinceMs >= this.#drainTimeoutMs) {
        this.#draining.delete(draining);
        channel.destroy();
      }
    }
    return this.#draining.size > 0;
  }

  #watchUnlessDrained(response: OriginResponse): void {
    const channel = channelOf(response);
    if (channel !== null && channel.writableLength > 0 && !channel.destroyed) this.#watch(response, channel);
  }

  #watch(response: OriginResponse, channel: ResponseChannel): Draining {
    const draining: Draining = {
      response,
      channel,
      writtenBytes: 0,
      takenBytes: -channel.writableLength,
      sinceMs: this.#timer.nowMs(),
    };
    this.#draining.add(draining);
    this.#timer.watch(this);
    return draining;
  }

  /** Writes until the cap is reached, goes on at every `drain`. */
  #pump(response: OriginResponse, pieces: readonly Uint8Array[]): void {
    const channel = channelOf(response);
    if (channel === null) {
      // Its turn in a pipeline has not come, so nothing can be measured; Node itself stops reading such a connection.
      for (const piece of pieces) response.write(piece);
      response.end();
      return;
    }
    const slices = cut(pieces, Math.max(16_384, this.#maxBufferedBytes >> 2));
    const draining = this.#watch(response, channel);
    let next = 0;
    const go = (): void => {
      while (next < slices.length && !channel.destroyed) {
        if (channel.writableLength >= this.#maxBufferedBytes) return;
        const slice = slices[next++] as Uint8Array;
        draining.writtenBytes += slice.length;
        response.write(slice);
      }
      response.off('drain', go);
      if (!channel.destroyed) response.end();
    };
    response.on('drain', go);
    go();
  }
}

/** The same bytes in slices of at most `sizeBytes`, none copied. */
function cut(pieces: readonly Uint8Array[], sizeBytes: number): readonly Uint8Array[] {
  const slices: Uint8Array[] = [];
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; from += sizeBytes) {
      slices.push(piece.subarray(from, Math.min(piece.length, from + sizeBytes)));
    }
  }
  return slices;
}
