import { usableIceServers } from '../../ice-servers.ts';

/** One target of an HTTP `Link` header (RFC 8288 §3). */
export interface HttpLink {
  readonly target: string;
  /** Parameters by lower-case name; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** More than a server has reason to send. */
const MAX_LINKS = 64;

const LINK = /<([^>]*)>((?:\s*;\s*[\w!#$%&'*+.^`|~-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g;
const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g;

/** Reads a `Link` header; several headers joined by commas are one. What is not a link is passed over. */
export function readLinks(header: string | null): HttpLink[] {
  if (header === null) {
    return [];
  }
  const links: HttpLink[] = [];
  for (const [, target = '', tail = ''] of header.matchAll(LINK)) {
    if (links.length === MAX_LINKS) {
      break;
    }
    const parameters = new Map<string, string>();
    for (const [, name = '', quoted, plain = ''] of tail.matchAll(PARAMETER)) {
      const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
      if (!parameters.has(name.toLowerCase())) {
        parameters.set(name.toLowerCase(), value);
      }
    }
    links.push({ target, parameters });
  }
  return links;
}

/** The ICE servers among the links (RFC 9725 §4.6) that a browser takes. */
export function iceServersOf(links: readonly HttpLink[]): RTCIceServer[] {
  return usableIceServers(
    links
      .filter(({ parameters }) => hasRelation(parameters, 'ice-server'))
      .map(({ target, parameters }) => ({
        urls: target,
        username: parameters.get('username'),
        credential: parameters.get('credential'),
      })),
  );
}

/** Target of the first link with a relation. */
export function targetOf(links: readonly HttpLink[], relation: string): string | undefined {
  return links.find(({ parameters }) => hasRelation(parameters, relation))?.target;
}

function hasRelation(parameters: ReadonlyMap<string, string>, relation: string): boolean {
  return parameters.get('rel')?.toLowerCase().split(/\s+/).includes(relation) === true;
}
