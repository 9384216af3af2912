import { splitAttribute, wordsOf } from './attribute.ts';
import { InheritedAttributes } from './inherited-attributes.ts';
import { MediaAttributes } from './media-attributes.ts';
import { SdpError } from './sdp-error.ts';
import { SDP_LIMITS } from './sdp-limits.ts';
import type { MediaSection, OtherAttribute, SessionDescription } from './session-description.ts';

/**
 * Reads a session description (RFC 8866, with the attributes of JSEP, RFC 8829). Lines may end in CRLF or LF. What the session says
 * of transport, direction and extensions is handed down to sections that do not say it themselves. Throws SdpError for anything that
 * is malformed or above `SDP_LIMITS`.
 */
export function readSdp(text: string): SessionDescription {
  const lines = splitLines(text);
  if (lines[0] !== 'v=0') throw new SdpError(`'${(lines[0] ?? '').slice(0, 40)}' where v=0 belongs`, 1);
  let origin: string | undefined;
  let sessionName = '-';
  let bundle: readonly string[] = [];
  let iceLite = false;
  const attributes: OtherAttribute[] = [];
  const session = new InheritedAttributes();
  const sections: { readonly attributes: MediaAttributes; readonly start: string; readonly line: number }[] =
    [];

  lines.forEach((content, index) => {
    const line = index + 1;
    const type = content[0] ?? '';
    if (content[1] !== '=' || !/[a-z]/.test(type)) {
      throw new SdpError(`'${content.slice(0, 40)}' is not <letter>=<value>`, line);
    }
    const value = content.slice(2);
    if (type === 'm') {
      if (sections.length === SDP_LIMITS.sections) {
        throw new SdpError(`more than ${SDP_LIMITS.sections} media sections`, line);
      }
      sections.push({ attributes: new MediaAttributes(), start: value, line });
      return;
    }
    if (type === 'o' && sections.length === 0) origin = value;
    if (type === 's' && sections.length === 0) sessionName = value;
    if (type !== 'a') return;
    const attribute = splitAttribute(value, line);
    const section = sections.at(-1);
    if (section !== undefined) {
      section.attributes.read(attribute);
    } else if (attribute.name === 'group' && wordsOf(attribute)[0] === 'BUNDLE') {
      if (bundle.length === 0) bundle = wordsOf(attribute).slice(1);
    } else if (attribute.name === 'ice-lite') {
      iceLite = true;
    } else if (!session.read(attribute)) {
      attributes.push(withoutLine(attribute));
    }
  });

  if (origin === undefined) throw new SdpError('no o= line');
  const media = sections.map(({ attributes: own, start, line }) => own.section(start, line, session));
  checkMids(media, bundle);
  return { origin, sessionName, bundle, iceLite, attributes, media };
}

/** RFC 8866 §9 forbids NUL; nobody has a use for the others, which would end up in logs. */
const CONTROL_CHARACTER = /[^\t\r\n\u0020-\u007e\u0080-\uffff]/;

/** The lines of a description or of a fragment of one, without their ends. Throws SdpError above `SDP_LIMITS` and for control characters. */
export function splitLines(text: string): string[] {
  if (text.length > SDP_LIMITS.length) {
    throw new SdpError(`${text.length} characters, ${SDP_LIMITS.length} allowed`);
  }
  const control = text.search(CONTROL_CHARACTER);
  if (control >= 0) throw new SdpError(`control character ${text.charCodeAt(control)} at ${control}`);
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  while (lines.at(-1) === '') lines.pop();
  if (lines.length > SDP_LIMITS.lines) throw new SdpError(`more than ${SDP_LIMITS.lines} lines`);
  const broken = lines.findIndex((line) => line.includes('\r'));
  if (broken >= 0) throw new SdpError('a carriage return inside a line', broken + 1);
  return lines;
}

function withoutLine({ name, value }: OtherAttribute): OtherAttribute {
  return value === undefined ? { name } : { name, value };
}

/** RFC 5888 §4 and RFC 8843 §7: mids are unique, and a group names sections that exist. */
function checkMids(media: readonly MediaSection[], bundle: readonly string[]): void {
  const mids = new Set<string>();
  for (const { mid } of media) {
    if (mid === undefined) continue;
    if (mids.has(mid)) throw new SdpError(`two media sections have the mid '${mid}'`);
    mids.add(mid);
  }
  for (const mid of bundle) {
    if (!mids.has(mid)) throw new SdpError(`BUNDLE names '${mid.slice(0, 40)}', which no media section has`);
  }
}
