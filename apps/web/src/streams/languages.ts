/** Languages that are offered; a stream may have any other by the API. BCP 47. */
const CODES = [
  ...['ar', 'bn', 'cs', 'da', 'de', 'el', 'en', 'es', 'fa', 'fi', 'fr', 'he', 'hi', 'hu', 'id', 'it', 'ja'],
  ...['ko', 'nl', 'no', 'pl', 'pt', 'ro', 'ru', 'sv', 'th', 'tr', 'uk', 'vi', 'zh'],
];

/** Codes with the names that the browser's language has for them, by name. */
export function languages(): (readonly [code: string, name: string])[] {
  const names = new Intl.DisplayNames(undefined, { type: 'language' });
  return CODES.map((code) => [code, names.of(code) ?? code] as const).sort(([, a], [, b]) =>
    a.localeCompare(b),
  );
}
