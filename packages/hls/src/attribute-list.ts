import { parseDecimal, parseInteger } from './decimal.ts';
import { PlaylistError, quoteForMessage } from './playlist-error.ts';

/** No tag of rfc8216bis defines more than about twenty; client-defined X- attributes make the rest. */
const MAX_ATTRIBUTES = 128;

/** AttributeName "=" AttributeValue, where the value is a quoted string or has neither quote, comma nor white space. */
const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"\r\n]*)"|([^",\s]+))(,|$)/y;

/**
 * An attribute list (rfc8216bis §4.2), read strictly: names in capitals, no white space around "," and "=", no name
 * twice. The typed readers fail when the value is quoted where the specification says it is not, and the reverse.
 */
export class AttributeList {
  readonly #quoted = new Map<string, string>();
  readonly #bare = new Map<string, string>();

  /** Parses what follows the colon of a tag. Throws PlaylistError. */
  constructor(text: string) {
    let position = 0;
    let more = true;
    while (more) {
      ATTRIBUTE.lastIndex = position;
      const match = ATTRIBUTE.exec(text);
      const name = match?.[1];
      if (match === null || name === undefined) {
        throw new PlaylistError(`not an attribute: ${quoteForMessage(text.slice(position))}`);
      }
      if (this.#quoted.has(name) || this.#bare.has(name)) throw new PlaylistError(`${name} is given twice`);
      if (this.size === MAX_ATTRIBUTES) throw new PlaylistError(`more than ${MAX_ATTRIBUTES} attributes`);
      if (match[2] === undefined) this.#bare.set(name, match[3] ?? '');
      else this.#quoted.set(name, match[2]);
      position = ATTRIBUTE.lastIndex;
      more = match[4] === ',';
    }
  }

  /** How many attributes there are. */
  get size(): number {
    return this.#quoted.size + this.#bare.size;
  }

  /** True when the attribute is there, quoted or not. */
  has(name: string): boolean {
    return this.#quoted.has(name) || this.#bare.has(name);
  }

  /** The value as it is written, without quotes if it has them; undefined when absent. */
  text(name: string): string | undefined {
    return this.#quoted.get(name) ?? this.#bare.get(name);
  }

  /** Names in the order of their kind: quoted ones first. */
  names(): readonly string[] {
    return [...this.#quoted.keys(), ...this.#bare.keys()];
  }

  /** A quoted-string; undefined when absent. */
  quoted(name: string): string | undefined {
    const bare = this.#bare.get(name);
    if (bare !== undefined) throw new PlaylistError(`${name} must be quoted: ${quoteForMessage(bare)}`);
    return this.#quoted.get(name);
  }

  /** A quoted-string that the tag requires. */
  requiredQuoted(name: string): string {
    return required(name, this.quoted(name));
  }

  /** An enumerated-string or any other unquoted value; undefined when absent. */
  bare(name: string): string | undefined {
    const quoted = this.#quoted.get(name);
    if (quoted !== undefined)
      throw new PlaylistError(`${name} must not be quoted: ${quoteForMessage(quoted)}`);
    return this.#bare.get(name);
  }

  /** True for YES; false for NO, for any other value (§6.3.1 tells clients to ignore those) and when absent. */
  isYes(name: string): boolean {
    return this.bare(name) === 'YES';
  }

  /** A decimal-floating-point; undefined when absent. */
  decimal(name: string): number | undefined {
    const text = this.bare(name);
    return text === undefined ? undefined : named(name, () => parseDecimal(text));
  }

  /** A decimal-floating-point that the tag requires. */
  requiredDecimal(name: string): number {
    return required(name, this.decimal(name));
  }

  /** A decimal-integer; undefined when absent. */
  integer(name: string): number | undefined {
    const text = this.bare(name);
    return text === undefined ? undefined : named(name, () => parseInteger(text));
  }

  /** A decimal-integer that the tag requires. */
  requiredInteger(name: string): number {
    return required(name, this.integer(name));
  }
}

/** Quotes a string for an attribute. Throws PlaylistError when it holds a quote or a line break, which §4.2 cannot carry. */
export function writeQuoted(value: string): string {
  if (/["\r\n]/.test(value)) throw new PlaylistError(`cannot be quoted: ${quoteForMessage(value)}`);
  return `"${value}"`;
}

function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new PlaylistError(`${name} is missing`);
  return value;
}

/** Puts the attribute's name in front of the message. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof PlaylistError ? new PlaylistError(`${name}: ${error.reason}`) : error;
  }
}
