import { bearerToken } from '../http/bearer-token.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { PublishAuthorizer, PublishDecision } from '../stream/publisher.ts';
import type { StreamLimits } from '../stream/stream-limits.ts';
import type { KeyFailures } from './key-failures.ts';

/** What a door is made of. */
export interface PublisherDoorOptions {
  readonly authorizer: PublishAuthorizer;
  /** Shared with the other protocols. */
  readonly keyFailures: KeyFailures;
  readonly clock: Clock;
  /** Keys of one address that may be under examination at the same time. Default 20. */
  readonly maxPendingPerAddress?: number;
}

/** Who asks to publish, or to do something with what it publishes. */
export interface PublisherAtDoor {
  /** As in `PublishRequest`. */
  readonly protocol: string;
  /** The address that limits count by. */
  readonly address: string;
  /** The address and port, for logs. */
  readonly peer: string;
  /** When given, the key must be this stream's. */
  readonly streamId?: string;
}

/** Whose key it was. */
export interface AdmittedPublisher extends StreamLimits {
  readonly streamId: string;
  readonly keyId: string;
  /** As in `PublishDecision`. */
  readonly reconnectWindowMs?: number;
}

const DEFAULT_MAX_PENDING_PER_ADDRESS = 20;

/** Asks for the stream key of an HTTP request (`Authorization: Bearer`), and makes addresses that guess pause. */
export class PublisherDoor {
  readonly #options: PublisherDoorOptions;
  readonly #maxPendingPerAddress: number;
  readonly #pending = new Map<string, number>();

  constructor(options: PublisherDoorOptions) {
    this.#options = options;
    this.#maxPendingPerAddress = options.maxPendingPerAddress ?? DEFAULT_MAX_PENDING_PER_ADDRESS;
  }

  /** Rejects with `HttpError`: 401 without a key or with a wrong one, 403 with another stream's, 429 after too many wrong ones. */
  async admit(request: HttpRequest, publisher: PublisherAtDoor): Promise<AdmittedPublisher> {
    const { authorizer, clock, keyFailures } = this.#options;
    const { address, peer, protocol, streamId } = publisher;
    const pauseMs = keyFailures.pauseLeftMs(address, clock.monotonicMs());
    if (pauseMs > 0) throw tooManyKeys(pauseMs);
    if (/^(?:bearer *)?$/i.test(request.headers.authorization ?? '')) {
      throw unauthorised('KEY_MISSING', 'send the stream key as Authorization: Bearer', 'Bearer');
    }
    const streamKey = bearerToken(request);
    const decision: PublishDecision =
      streamKey === undefined
        ? { allowed: false, reason: 'this is no bearer token' }
        : await this.#counted(address, () => authorizer.authorize({ protocol, app: '', streamKey, peer }));
    if (!decision.allowed) {
      if (decision.isGuess !== false) keyFailures.count(address, clock.monotonicMs());
      throw unauthorised('KEY_REFUSED', decision.reason, 'Bearer error="invalid_token"');
    }
    if (streamId !== undefined && streamId !== decision.streamId) {
      throw new HttpError(403, 'KEY_OF_OTHER_STREAM', 'this key belongs to another stream');
    }
    return decision;
  }

  /** Bounds what many requests at once can try before the first failure is counted. */
  async #counted<T>(address: string, examine: () => Promise<T>): Promise<T> {
    const pending = this.#pending.get(address) ?? 0;
    if (pending >= this.#maxPendingPerAddress) throw tooManyKeys(1000);
    this.#pending.set(address, pending + 1);
    try {
      return await examine();
    } finally {
      const left = (this.#pending.get(address) ?? 1) - 1;
      if (left > 0) this.#pending.set(address, left);
      else this.#pending.delete(address);
    }
  }
}

/** Logs that a publisher was refused: never the words, which may quote what it sent. */
export function logRefusal(log: Logger, peer: string, { code, status }: HttpError): void {
  // Who has no key, or guesses too often, must not fill the log.
  const level = code === 'KEY_MISSING' || status === 429 ? 'debug' : 'warn';
  log[level]({ peer, code }, 'refused publisher');
}

function unauthorised(code: string, message: string, challenge: string): HttpError {
  return new HttpError(401, code, message, ['WWW-Authenticate', challenge]);
}

function tooManyKeys(waitMs: number): HttpError {
  const seconds = Math.ceil(waitMs / 1000);
  return new HttpError(
    429,
    'TOO_MANY_KEYS',
    `too many wrong stream keys from this address: try again in ${seconds} s`,
    ['Retry-After', String(seconds)],
  );
}
