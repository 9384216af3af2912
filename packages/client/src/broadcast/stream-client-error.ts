/** Which action of the broadcaster failed. */
export type StreamClientErrorCode =
  | 'BROADCAST_START_FAILED'
  | 'MEDIA_ACCESS_DENIED'
  | 'CAMERA_SWITCH_FAILED'
  | 'MICROPHONE_SWITCH_FAILED'
  | 'QUALITY_CHANGE_FAILED'
  | 'CONNECTION_FAILED';

/** A failure in words for the broadcaster. */
export class StreamClientError extends Error {
  override readonly name = 'StreamClientError';
  readonly code: StreamClientErrorCode;
  /** Whether the same action can succeed later, or the stream goes on without it. */
  readonly recoverable: boolean;
  /** For a Details box and for logs. */
  readonly detail: string | undefined;

  /** `message` says what happened and the next step; `cause` is the error below it, such as a `WhipError`. */
  constructor(
    code: StreamClientErrorCode,
    message: string,
    options: {
      readonly recoverable: boolean;
      readonly detail?: string | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.recoverable = options.recoverable;
    this.detail = options.detail;
  }
}

/** What was asked of the browser when it said no. */
export type CapturedDevice = 'camera' | 'microphone' | 'screen';

const DENIED: Readonly<Record<CapturedDevice, string>> = {
  camera: 'Your browser blocks the camera. Allow it in the address bar, then try again.',
  microphone: 'Your browser blocks the microphone. Allow it in the address bar, then try again.',
  screen: 'The screen was not shared. Choose a screen or window, or go on with the camera.',
};

const MISSING: Readonly<Record<CapturedDevice, string>> = {
  camera: 'No camera found. Plug one in or share your screen.',
  microphone: 'No microphone found. Plug one in.',
  screen: 'This browser found nothing to share.',
};

/** A device that was asked for by its id, which the browser does not know any more. */
const GONE: Readonly<Record<CapturedDevice, string>> = {
  ...MISSING,
  camera: 'This camera is gone. Plug it in again, or choose another.',
  microphone: 'This microphone is gone. Plug it in again, or choose another.',
};

const BUSY: Readonly<Record<CapturedDevice, string>> = {
  camera: 'Another app is using this camera. Close it and try again.',
  microphone: 'Another app is using this microphone. Close it and try again.',
  screen: 'Your system does not let the browser record the screen. Allow it in the system settings.',
};

/** Puts what `getUserMedia` or `getDisplayMedia` threw into words. */
export function mediaAccessError(
  cause: unknown,
  device: CapturedDevice,
  code: StreamClientErrorCode = 'MEDIA_ACCESS_DENIED',
): StreamClientError {
  if (cause instanceof StreamClientError) {
    return cause;
  }
  const name = nameOf(cause);
  const detail = `${name}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new StreamClientError(code, words(name, device), { recoverable: true, detail });
}

/** `navigator.mediaDevices` is absent: the page was not loaded over HTTPS, nor from this computer. */
export function insecurePageError(pageUrl: string): StreamClientError {
  const secureUrl = pageUrl.replace(/^http:/, 'https:');
  return new StreamClientError(
    'MEDIA_ACCESS_DENIED',
    `Browsers allow cameras only over HTTPS. Open ${secureUrl}, or use OBS.`,
    { recoverable: false },
  );
}

function nameOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : 'Error';
}

function words(name: string, device: CapturedDevice): string {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return DENIED[device];
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return MISSING[device];
    case 'OverconstrainedError':
      return GONE[device];
    case 'NotReadableError':
    case 'AbortError':
    case 'TrackStartError':
      return BUSY[device];
    default:
      return `The ${device} could not be opened. Try another one.`;
  }
}
