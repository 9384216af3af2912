/** Why a WHEP session did not come about, or ended. */
export type WhepFailureCode =
  /** The server has no place left (503 WHEP_FULL). */
  | 'full'
  /** The stream has nothing that WebRTC can show (422 WHEP_UNAVAILABLE). */
  | 'unavailable'
  /** The server knows no such live stream, or has no WHEP at all (404). */
  | 'not-live'
  | 'forbidden'
  /** Any other no of the server: trying the same again would not help. */
  | 'refused'
  /** The server cannot answer now (429, 5xx). */
  | 'busy'
  /** The request was not answered. */
  | 'unreachable'
  /** ICE found no way: UDP does not get through. */
  | 'udp-blocked'
  /** Connected, but nothing came. */
  | 'no-media'
  /** The session broke off. */
  | 'lost'
  /** The browser has no WebRTC, or no H.264 in it. */
  | 'unsupported';

/** One failure; `detail` is for logs and for the Details box. */
export interface WhepFailure {
  readonly code: WhepFailureCode;
  readonly detail: string;
  /** When the server wants to be asked again, in seconds. */
  readonly retryAfterSec?: number;
}

/** Words of the server longer than this are cut. */
const MAX_DETAIL = 200;

/** What an answer other than 201 says. `body` may be our JSON `{"error":{"code","message"}}` or anything else. */
export function whepRefusal(status: number, body: string, retryAfter: string | null): WhepFailure {
  const { code, message } = readError(body);
  const detail = `HTTP ${String(status)} ${code ?? ''} ${message ?? ''}`.trim().slice(0, MAX_DETAIL);
  const seconds = retryAfter === null || retryAfter === '' ? Number.NaN : Number(retryAfter);
  const failure = { code: codeOf(status, code), detail };
  return Number.isFinite(seconds) && seconds >= 0 ? { ...failure, retryAfterSec: seconds } : failure;
}

function codeOf(status: number, code: string | undefined): WhepFailureCode {
  if (code === 'WHEP_FULL') {
    return 'full';
  }
  if (code === 'WHEP_UNAVAILABLE') {
    return 'unavailable';
  }
  if (status === 404 || status === 405) {
    return 'not-live';
  }
  if (status === 401 || status === 403) {
    return 'forbidden';
  }
  return status >= 500 || status === 429 ? 'busy' : 'refused';
}

function readError(body: string): { readonly code?: string; readonly message?: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) {
    return {};
  }
  const { error } = parsed;
  if (typeof error !== 'object' || error === null) {
    return {};
  }
  return {
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...('message' in error && typeof error.message === 'string' && { message: error.message }),
  };
}
