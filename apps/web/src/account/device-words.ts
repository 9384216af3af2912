/** Names in user agents, the more special first: Edge and Opera call themselves Chrome too, Chrome calls itself Safari. */
const BROWSERS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrom(?:e|ium)|CriOS)\//],
  ['Safari', /Safari\//],
];
const SYSTEMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Windows', /Windows/],
  ['Mac', /Macintosh/],
  ['Linux', /Linux/],
];

/** "Firefox on Linux", as far as a user agent tells it. */
export function deviceWords(userAgent: string | null): string {
  const named = (among: typeof BROWSERS): string | undefined =>
    among.find(([, sign]) => sign.test(userAgent ?? ''))?.[0];
  const [browser, system] = [named(BROWSERS), named(SYSTEMS)];
  if (browser === undefined) {
    return system === undefined ? 'Another program' : `A program on ${system}`;
  }
  return system === undefined ? browser : `${browser} on ${system}`;
}
