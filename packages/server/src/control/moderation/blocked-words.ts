/**
 * The words of a text as they are compared: lower case, compatibility forms joined, accents and invisible characters gone, so that
 * `Ｓｐáｍ` is `spam`.
 */
export function plainWords(text: string): readonly string[] {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}]/gu, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Words, phrases and patterns that a message must not hold. Patterns know `*` alone and are matched in linear steps: no one can make it slow. */
export class BlockedWords {
  readonly #words = new Set<string>();
  readonly #phrases: string[] = [];
  readonly #globs: (readonly string[])[] = [];

  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  /** True when the text holds one of them as whole words. */
  isIn(text: string): boolean {
    const words = plainWords(text);
    // Letters instead of digits, as people write to slip through.
    const readable = words.map(fromLeet);
    return this.#holds(words) || this.#holds(readable);
  }

  #add(entry: string): void {
    if (entry.includes('*')) {
      const parts = entry.split('*').map((part) => plainWords(part).join(''));
      // `*` alone would forbid everything.
      if (parts.some((part) => part !== '')) this.#globs.push(parts);
      return;
    }
    const words = plainWords(entry);
    const [first] = words;
    if (words.length > 1) this.#phrases.push(` ${words.join(' ')} `);
    else if (first !== undefined) this.#words.add(first);
  }

  #holds(words: readonly string[]): boolean {
    if (words.some((word) => this.#words.has(word))) return true;
    if (this.#globs.some((parts) => words.some((word) => matches(parts, word)))) return true;
    const line = ` ${words.join(' ')} `;
    return this.#phrases.some((phrase) => line.includes(phrase));
  }
}

/** First part at the start, last at the end, the others in their order: the leftmost find is always as good as any. */
function matches(parts: readonly string[], word: string): boolean {
  const first = parts.at(0) ?? '';
  const last = parts.at(-1) ?? '';
  if (word.length < first.length + last.length || !word.startsWith(first) || !word.endsWith(last))
    return false;
  const end = word.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = word.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

const leet = new Map([
  ['0', 'o'],
  ['1', 'i'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['7', 't'],
]);

function fromLeet(word: string): string {
  return /\d/.test(word) ? word.replace(/\d/g, (digit) => leet.get(digit) ?? digit) : word;
}
