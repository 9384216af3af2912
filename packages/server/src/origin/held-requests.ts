import type { Logger } from '../platform/logger.ts';
import type { CoarseTimer, Ticked } from './coarse-timer.ts';
import { channelOf, type Exchange } from './exchange.ts';
import { isGone } from './reply.ts';

/** What requests wait on: a rendition, or a stream that is just starting. */
export interface WaitingPlace {
  /** Calls back when waiting requests should try again. Absent: they try again at every tick. */
  onAdvance?(listener: () => void): () => void;
  /** True when there is nothing left to wait for: the stream was taken away. */
  isAbandoned(): boolean;
}

/** How a held request goes on. */
export interface HeldAnswer {
  /** Answers if that is possible by now; false: keep waiting. */
  attempt(): boolean;
  /** Answers after the deadline. */
  expire(): void;
  /** Answers when the place was abandoned. */
  abandon(): void;
}

interface Held {
  readonly exchange: Exchange;
  readonly answer: HeldAnswer;
  readonly deadlineMs: number;
}

/** Everything that waits at one place, in order of arrival; all with the same longest hold. */
interface Queue {
  readonly held: Set<Held>;
  unsubscribe: (() => void) | undefined;
  releasing: boolean;
}

/**
 * The requests that wait: blocking reloads (rfc8216bis-22 §6.2.5.2), hinted parts (§6.2.6), streams that are just starting.
 * Bounded per address and in all, released in order of arrival, forgotten when the client leaves, and expired by the one
 * coarse timer.
 */
export class HeldRequests implements Ticked {
  readonly #timer: CoarseTimer;
  readonly #log: Logger;
  readonly #maxHeld: number;
  readonly #maxHeldPerAddress: number;
  readonly #queues = new Map<WaitingPlace, Queue>();
  readonly #byAddress = new Map<string, number>();
  #size = 0;
  #closed = false;

  /** @param timer gives the time and the ticks. */
  constructor(
    timer: CoarseTimer,
    log: Logger,
    limits: { readonly maxHeld: number; readonly maxHeldPerAddress: number },
  ) {
    this.#timer = timer;
    this.#log = log;
    this.#maxHeld = limits.maxHeld;
    this.#maxHeldPerAddress = limits.maxHeldPerAddress;
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Holds a request until `answer` answered it. False: a cap is reached or the origin is closing, the caller says 503.
   *
   * @param holdMs longest wait; the same for every request at one place, so that expiry looks at the oldest only.
   */
  hold(exchange: Exchange, place: WaitingPlace, holdMs: number, answer: HeldAnswer): boolean {
    const { address } = exchange;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#closed || this.#size >= this.#maxHeld || ofAddress >= this.#maxHeldPerAddress) return false;
    this.#byAddress.set(address, ofAddress + 1);
    this.#size++;
    const queue = this.#queueAt(place);
    const held: Held = { exchange, answer, deadlineMs: this.#timer.nowMs() + holdMs };
    queue.held.add(held);
    exchange.response.on('close', () => this.#forget(place, queue, held));
    this.#timer.watch(this);
    return true;
  }

  /** Ticked by the coarse timer: expires, polls, and drops what waits for something that was taken away. */
  tick(nowMs: number): boolean {
    for (const [place, queue] of this.#queues) {
      if (place.isAbandoned()) this.#settle(place, queue, abandonAnswer);
      else {
        if (queue.unsubscribe === undefined) this.#settle(place, queue, attemptAnswer);
        this.#settle(place, queue, expireAnswer, nowMs);
      }
    }
    return this.#size > 0;
  }

  /** Answers everything that waits as expired, and holds nothing more. */
  close(): void {
    this.#closed = true;
    for (const [place, queue] of this.#queues) this.#settle(place, queue, expireAnswer);
  }

  #queueAt(place: WaitingPlace): Queue {
    const known = this.#queues.get(place);
    if (known !== undefined) return known;
    const queue: Queue = { held: new Set(), unsubscribe: undefined, releasing: false };
    this.#queues.set(place, queue);
    queue.unsubscribe = place.onAdvance?.(() => {
      if (queue.releasing) return;
      queue.releasing = true;
      // After the packager's own work: what it publishes in one go is rendered once, with reports of all renditions.
      queueMicrotask(() => {
        queue.releasing = false;
        this.#settle(place, queue, attemptAnswer);
      });
    });
    return queue;
  }

  /** Takes a step with every request of a queue whose deadline is not after `untilMs`, oldest first. */
  #settle(
    place: WaitingPlace,
    queue: Queue,
    step: (answer: HeldAnswer) => boolean,
    untilMs = Infinity,
  ): void {
    for (const held of queue.held) {
      if (held.deadlineMs > untilMs) return;
      let done = true;
      try {
        done = isGone(held.exchange.response) || step(held.answer);
      } catch (error) {
        // One request's failure must not keep the others waiting.
        this.#log.error({ err: error }, 'held request could not be answered');
        channelOf(held.exchange.response)?.destroy();
      }
      if (done) this.#forget(place, queue, held);
    }
  }

  #forget(place: WaitingPlace, queue: Queue, held: Held): void {
    if (!queue.held.delete(held)) return;
    this.#size--;
    const { address } = held.exchange;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    if (queue.held.size > 0) return;
    queue.unsubscribe?.();
    if (this.#queues.get(place) === queue) this.#queues.delete(place);
  }
}

function attemptAnswer(answer: HeldAnswer): boolean {
  return answer.attempt();
}

function expireAnswer(answer: HeldAnswer): boolean {
  answer.expire();
  return true;
}

function abandonAnswer(answer: HeldAnswer): boolean {
  answer.abandon();
  return true;
}
