import { channelOf, type OriginResponse } from '../origin/exchange.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './http-request.ts';

/** What a request's body may be. */
export interface BodyLimits {
  /** More is 413. */
  readonly maxBytes: number;
  /** Whole body within so many milliseconds, else 408. */
  readonly timeoutMs: number;
}

/** A body that comes after its answer is read on up to here, so that the client gets to read the answer; then its connection is cut. */
const MAX_UNREAD_BYTES = 1 << 20;
const MAX_UNREAD_MS = 5000;

/** Reads a request's body. Rejects with `HttpError` 413, 408, or 400 when the client broke off. */
export async function readBody(request: HttpRequest, limits: BodyLimits): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await takeBody(request, limits, (piece) => pieces.push(piece));
  return Buffer.concat(pieces);
}

/** Throws a request's body away and tells how many bytes it had. Rejects as `readBody` does. */
export async function discardBody(request: HttpRequest, limits: BodyLimits): Promise<number> {
  let bytes = 0;
  await takeBody(request, limits, (piece) => {
    bytes += piece.length;
  });
  return bytes;
}

/** To be called once a request was answered: takes what is left of a body that nobody wanted, and cuts off a client that does not end. */
export function finishUnread(request: HttpRequest, response: OriginResponse): void {
  if (request.complete || hasNoBody(request)) return;
  const channel = channelOf(response);
  let bytes = 0;
  const cut = (): void => {
    channel?.destroy();
  };
  const timer = setTimeout(cut, MAX_UNREAD_MS);
  timer.unref();
  request.on('error', () => {});
  request.on('data', (piece) => {
    bytes += piece.length;
    if (bytes > MAX_UNREAD_BYTES) cut();
  });
  request.on('end', () => clearTimeout(timer));
  request.on('close', () => clearTimeout(timer));
  request.resume();
}

/** HTTP/1.1 ends a request without these headers where its header section ends; an HTTP/2 GET has no body worth a look. */
function hasNoBody({ method, headers }: HttpRequest): boolean {
  const bare = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  return bare && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
}

function takeBody(request: HttpRequest, limits: BodyLimits, take: (piece: Buffer) => void): Promise<void> {
  const { maxBytes, timeoutMs } = limits;
  const tooLarge = (): HttpError =>
    new HttpError(413, 'BODY_TOO_LARGE', `the body must not be longer than ${maxBytes} bytes`);
  return new Promise((resolve, reject) => {
    // Before a byte is read: a client that says so much at once need not be listened to.
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      reject(tooLarge());
      return;
    }
    let bytes = 0;
    const settle = (error?: HttpError): void => {
      clearTimeout(timer);
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onBroken);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes > maxBytes) settle(tooLarge());
      else take(piece);
    };
    const onEnd = (): void => settle();
    const onBroken = (): void => settle(new HttpError(400, 'BODY_INCOMPLETE', 'the body broke off'));
    const timer = setTimeout(
      () => settle(new HttpError(408, 'BODY_TIMEOUT', `the body took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('close', onBroken);
    // Never taken off: an error that comes later must not be without a listener.
    request.on('error', onBroken);
  });
}
