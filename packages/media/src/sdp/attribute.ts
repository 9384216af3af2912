import { SdpError } from './sdp-error.ts';

/** An attribute as it stands in the text: `a=<name>` or `a=<name>:<value>`. */
export interface Attribute {
  readonly name: string;
  readonly value?: string;
  /** From 1. */
  readonly line: number;
}

/** RFC 8866 §9 byte-string rules leave little for a name: a token. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}$/;

/** Takes what follows `a=` apart. Throws SdpError. */
export function splitAttribute(text: string, line: number): Attribute {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!NAME.test(name)) throw new SdpError(`'${name.slice(0, 40)}' is not an attribute name`, line);
  return colon < 0 ? { name, line } : { name, value: text.slice(colon + 1), line };
}

/** What to throw for an attribute that cannot be what it is. */
export function unreadable({ name, value, line }: Attribute): SdpError {
  return new SdpError(`a=${name} cannot be '${(value ?? '').slice(0, 100)}'`, line);
}

/** The value without the spaces around it, when it is of the pattern. Throws SdpError. */
export function matching(pattern: RegExp, attribute: Attribute): string {
  const value = (attribute.value ?? '').trim();
  if (!pattern.test(value)) throw unreadable(attribute);
  return value;
}

/** What stands before and after the first space of the value; the second is empty when there is none. */
export function cutAtSpace({ value = '' }: Attribute): readonly [string, string] {
  const space = value.indexOf(' ');
  return space < 0 ? [value, ''] : [value.slice(0, space), value.slice(space + 1)];
}

/** The words of the value. */
export function wordsOf({ value = '' }: Attribute): string[] {
  return value.split(' ').filter((word) => word !== '');
}

/** A payload type of RTP, 0 to 127. Throws SdpError. */
export function readPayloadType(text: string, line: number): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 127)) throw new SdpError(`'${text.slice(0, 40)}' is not a payload type`, line);
  return number;
}

/** An SSRC, 32 bits. Throws SdpError. */
export function readSsrc(text: string, attribute: Attribute): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 0xffff_ffff)) throw unreadable(attribute);
  return number;
}
