import { liveError } from '@tallylight/protocol/errors.ts';

/**
 * Reads the query of a request target. A parameter that comes more than once is an array. Throws INVALID_REQUEST for more than
 * `maxParameters` of them, and for `__proto__`.
 */
export function parseQuery(url: string, maxParameters: number): Record<string, string | string[]> {
  const start = url.indexOf('?');
  const query = new Map<string, string | string[]>();
  let count = 0;
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : url.slice(start + 1))) {
    if (++count > maxParameters) {
      throw liveError('INVALID_REQUEST', `a query must not have more than ${maxParameters} parameters`);
    }
    if (name === '__proto__')
      throw liveError('INVALID_REQUEST', 'a query must not have a parameter __proto__');
    const before = query.get(name);
    query.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(query);
}
