/** `createdAt` → `created_at`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * A copy that has every member under both spellings, at every depth: nchat's routes answer in snake_case, its hooks read camelCase.
 * Values are shared, not copied twice on the wire's behalf: JSON writes them twice.
 */
export function withBothSpellings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBothSpellings);
  if (typeof value !== 'object' || value === null) return value;
  const both: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const spelled = withBothSpellings(member);
    both[name] = spelled;
    both[toSnakeCase(name)] = spelled;
  }
  return both;
}
