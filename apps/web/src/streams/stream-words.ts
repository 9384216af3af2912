const MINUTE_MS = 60_000;

/** A moment as a `datetime-local` field has it: in the browser's time zone, to the minute. */
export function toLocalTime(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

/** The moment that such a field names, as ISO 8601 in UTC; `null` for an empty one. */
export function fromLocalTime(value: string): string | null {
  return value === '' ? null : new Date(value).toISOString();
}

/** "a, b,, A" is a and b: trimmed, no empty ones, none twice however it is written. */
export function splitTags(text: string): string[] {
  const tags = new Map<string, string>();
  for (const piece of text.split(',')) {
    const tag = piece.trim();
    if (tag !== '' && !tags.has(tag.toLowerCase())) {
      tags.set(tag.toLowerCase(), tag);
    }
  }
  return [...tags.values()];
}

/** Name of the browser's time zone, such as "Europe/Berlin". */
export function zoneName(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
