/** Why a WHIP attempt failed. */
export type WhipErrorKind =
  | 'wrong-key'
  | 'key-in-use'
  | 'not-accepted'
  | 'too-many'
  | 'server-busy'
  | 'unreachable'
  | 'not-connected'
  | 'no-media-path';

/** A failed WHIP attempt, in words for the publisher. */
export class WhipError extends Error {
  override readonly name = 'WhipError';
  readonly kind: WhipErrorKind;
  /** Whether the same request can succeed later. */
  readonly retry: boolean;
  /** The server's `Retry-After` in ms; 0 without one. */
  readonly retryAfterMs: number;
  /** For a Details box and for logs. */
  readonly detail: string | undefined;

  /** `detail` names the offending value: a status, an exception. */
  constructor(kind: WhipErrorKind, detail?: string, retryAfterMs = 0) {
    super(WORDS[kind]);
    this.kind = kind;
    this.retry = kind !== 'wrong-key' && kind !== 'not-accepted';
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
  }
}

const WORDS: Readonly<Record<WhipErrorKind, string>> = {
  'wrong-key': 'This stream key is wrong or old. Copy it again.',
  'key-in-use': 'Another encoder is live with this key. Stop it, or make a new key.',
  'not-accepted': 'The server cannot take what this browser sends. Try another browser, or use OBS.',
  'too-many': 'The server takes no more streams now.',
  'server-busy': 'The server is busy.',
  unreachable: 'The server does not answer.',
  'not-connected': 'The connection could not be made.',
  'no-media-path':
    'The server answers, but no media reaches it. Your network may block UDP: try another network.',
};

/** Maps the status of a WHIP answer (RFC 9725 §4.2) and what its body says. */
export function whipErrorOf(status: number, retryAfter: string | null, body: string): WhipError {
  const said = serverMessage(body);
  const detail = `HTTP ${String(status)}${said === undefined ? '' : `: ${said}`}`;
  return new WhipError(kindOf(status), detail, retryAfterMs(retryAfter));
}

function kindOf(status: number): WhipErrorKind {
  switch (status) {
    case 401:
    case 403:
      return 'wrong-key';
    case 409:
      return 'key-in-use';
    case 408:
    case 425:
      return 'server-busy';
    case 429:
      return 'too-many';
    default:
      return status >= 500 ? 'server-busy' : 'not-accepted';
  }
}

/** `Retry-After` in seconds; a date is not worth a dependence on two clocks, and counts as none. */
function retryAfterMs(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : 0;
}

/** Longest text of a server that is shown. */
const MAX_MESSAGE = 300;

/** Reads `{"error":{"message"}}`, or takes a short plain text. */
function serverMessage(body: string): string | undefined {
  let message: unknown = body;
  try {
    const parsed: unknown = JSON.parse(body);
    const error: unknown = isRecord(parsed) ? parsed['error'] : undefined;
    message = isRecord(error) ? error['message'] : error;
  } catch {
    // Not JSON: the text itself.
  }
  return typeof message === 'string' && message.trim() !== ''
    ? message.trim().slice(0, MAX_MESSAGE)
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
