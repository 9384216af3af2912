/** How a secret may look in what goes out: as it is, encoded for URLs, in hexadecimal, in base64 wherever in a longer text it stands. */
export function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  // Three bytes are four letters: what stands before decides which of three texts the secret becomes. Its first and last letters depend on
  // the neighbours and are left out.
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(before === 0 ? 0 : before + 1, -2);
  });
  const asUrl = inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const all = [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set([...all, ...inBase64, ...asUrl])].filter((text) => text.length >= 8);
}

/** The secrets, by name, that a text gives away in any spelling. */
export function secretsIn(text: string, secrets: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  for (const [name, secret] of secrets) {
    if (spellingsOf(secret).some((spelling) => text.includes(spelling))) found.push(name);
  }
  return found;
}
