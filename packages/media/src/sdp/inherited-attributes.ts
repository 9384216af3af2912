import { type Attribute, matching, unreadable, wordsOf } from './attribute.ts';
import { SdpError } from './sdp-error.ts';
import type { Direction, Fingerprint, HeaderExtension, Setup } from './session-description.ts';

const DIRECTIONS: ReadonlySet<string> = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
const SETUPS: ReadonlySet<string> = new Set(['actpass', 'active', 'passive', 'holdconn']);
/** RFC 8839 §5.4. */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
/** RFC 8839 §5.4. */
const PWD = /^[A-Za-z0-9+/]{22,256}$/;
/** Bytes of each digest (RFC 8122 §5); weaker ones are refused. */
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);

/** The attributes that a media section takes from the session when it has none of its own. */
export class InheritedAttributes {
  iceUfrag?: string;
  icePwd?: string;
  fingerprint?: Fingerprint;
  setup?: Setup;
  direction?: Direction;
  readonly extensions: HeaderExtension[] = [];

  /** Reads one of these attributes; false when it is none of them. Throws SdpError. */
  read(attribute: Attribute): boolean {
    switch (attribute.name) {
      case 'ice-ufrag':
        this.iceUfrag = matching(UFRAG, attribute);
        return true;
      case 'ice-pwd':
        this.icePwd = matching(PWD, attribute);
        return true;
      case 'fingerprint':
        // Several may be written, best first (RFC 8122 §5).
        this.fingerprint ??= readFingerprint(attribute);
        return true;
      case 'setup':
        this.setup = readSetup(attribute);
        return true;
      case 'extmap':
        this.#readExtension(attribute);
        return true;
      default:
        if (!isDirection(attribute.name)) return false;
        this.direction = attribute.name;
        return true;
    }
  }

  #readExtension(attribute: Attribute): void {
    const [number = '', uri = ''] = wordsOf(attribute);
    const [idText = '', direction] = number.split('/');
    const id = /^\d{1,4}$/.test(idText) ? Number(idText) : Number.NaN;
    if (uri === '' || uri.length > 200 || (direction !== undefined && !isDirection(direction))) {
      throw unreadable(attribute);
    }
    // RFC 8285 §5: 4096 and up leave the number to the answerer. No browser asks for that.
    if (id >= 4096) return;
    if (!(id >= 1 && id <= 255)) throw unreadable(attribute);
    if (this.extensions.some((other) => other.id === id)) {
      throw new SdpError(`two header extensions have the id ${id}`, attribute.line);
    }
    this.extensions.push({ id, uri, ...(direction !== undefined && { direction }) });
  }
}

function isDirection(text: string): text is Direction {
  return DIRECTIONS.has(text);
}

function readSetup(attribute: Attribute): Setup {
  const value = (attribute.value ?? '').trim();
  if (!SETUPS.has(value)) throw unreadable(attribute);
  return value as Setup;
}

/** RFC 8122 §5. Throws SdpError; also for a digest weaker than SHA-256. */
function readFingerprint(attribute: Attribute): Fingerprint {
  const [algorithm = '', digest = ''] = wordsOf(attribute);
  const bytes = DIGEST_BYTES.get(algorithm.toLowerCase());
  if (bytes === undefined) {
    throw new SdpError(
      `fingerprint by '${algorithm.slice(0, 40)}': sha-256, sha-384 or sha-512 is needed`,
      attribute.line,
    );
  }
  if (digest.length !== bytes * 3 - 1 || !/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*$/.test(digest)) {
    throw unreadable(attribute);
  }
  return { algorithm: algorithm.toLowerCase(), value: digest.toUpperCase() };
}
