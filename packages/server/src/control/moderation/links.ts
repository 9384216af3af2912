/** Endings under which a name without `https://` is taken for a link: the ones that spam uses most. Others count with a path behind. */
const ENDINGS = new Set(
  'com net org io co me tv gg ly app dev xyz info biz online site top shop club live link store pro ru cn de uk fr it nl eu us'.split(
    ' ',
  ),
);

/** True when a text links to a host that is neither allowed nor below an allowed one. */
export function holdsForeignLink(text: string, allowed: readonly string[]): boolean {
  return linkedHosts(text).some(
    (host) => !allowed.some((each) => host === each || host.endsWith(`.${each}`)),
  );
}

/** The hosts that a text links to, in lower case. One pass over its words, without backtracking. */
export function linkedHosts(text: string): readonly string[] {
  const hosts: string[] = [];
  for (const word of text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .split(/[\s<>()[\]{}"'|,]+/u)) {
    const host = hostOf(word);
    if (host !== undefined) hosts.push(host);
  }
  return hosts;
}

function hostOf(word: string): string | undefined {
  const scheme = word.indexOf('://');
  const rest = scheme >= 0 ? word.slice(scheme + 3) : word;
  const slash = rest.search(/[/?#\\]/);
  const authority = slash >= 0 ? rest.slice(0, slash) : rest;
  // The last @ ends the user's name: https://allowed.example@evil.example goes to the latter.
  const [host = ''] = authority.slice(authority.lastIndexOf('@') + 1).split(':');
  const name = trimDots(host);
  if (scheme >= 0) return name;
  const labels = name.split('.');
  const ending = labels.at(-1) ?? '';
  if (
    labels.length < 2 ||
    labels.some((label) => label === '') ||
    !/^(?:\p{L}{2,24}|xn--[a-z0-9-]+)$/u.test(ending)
  ) {
    return undefined;
  }
  return labels[0] === 'www' || slash > 0 || ENDINGS.has(ending) ? name : undefined;
}

function trimDots(host: string): string {
  let [start, end] = [0, host.length];
  while (start < end && '.!…:;*_'.includes(host.charAt(start))) start += 1;
  while (end > start && '.!…:;*_'.includes(host.charAt(end - 1))) end -= 1;
  return host.slice(start, end);
}
