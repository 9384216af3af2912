import { splitAttribute } from './attribute.ts';
import { MediaAttributes, readStart } from './media-attributes.ts';
import { splitLines } from './read-sdp.ts';
import { SdpError } from './sdp-error.ts';

/** What a fragment of `application/trickle-ice-sdpfrag` tells (RFC 8840 §9). Its candidates are checked and not kept. */
export interface SdpFragment {
  /** Each `a=ice-ufrag` and `a=ice-pwd` in it, as `ice-ufrag:<value>`; of any section. */
  readonly credentials: ReadonlySet<string>;
}

const CREDENTIALS: ReadonlySet<string> = new Set(['ice-ufrag', 'ice-pwd']);
const CANDIDATES: ReadonlySet<string> = new Set(['candidate', 'end-of-candidates']);

/**
 * Reads a fragment. Sections need not be there: some clients write candidates without `m=`. Throws SdpError for anything that is malformed,
 * and for a text that holds neither credentials nor candidates.
 */
export function readFragment(text: string): SdpFragment {
  const credentials = new Set<string>();
  let tellsSomething = false;
  let section = new MediaAttributes();
  splitLines(text).forEach((content, index) => {
    const line = index + 1;
    // Clients write Firefox's last candidate, which is empty, as `a=`.
    if (content === '' || content === 'a=') return;
    if (content.startsWith('m=')) {
      readStart(content.slice(2), line);
      section = new MediaAttributes();
      return;
    }
    if (!content.startsWith('a=')) {
      throw new SdpError(`'${content.slice(0, 40)}' is neither a=<attribute> nor m=<section>`, line);
    }
    const attribute = splitAttribute(content.slice(2), line);
    section.read(attribute);
    const { name, value = '' } = attribute;
    if (CREDENTIALS.has(name)) credentials.add(`${name}:${value.trim()}`);
    tellsSomething ||= CREDENTIALS.has(name) || CANDIDATES.has(name);
  });
  if (!tellsSomething) throw new SdpError('neither ICE credentials nor candidates');
  return { credentials };
}
