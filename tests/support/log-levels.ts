import type { Tallylight } from './tallylight.ts';

/** What a server logged as errors: never because of a peer. */
export function errorLines(server: Tallylight): Record<string, unknown>[] {
  return server.log.filter((line) => line['level'] === 'error' || line['level'] === 'fatal');
}

/** What a server logged as warnings, and errors. */
export function troubleLines(server: Tallylight): Record<string, unknown>[] {
  return [...server.log.filter((line) => line['level'] === 'warn'), ...errorLines(server)];
}
