/** The delivery directives of a playlist request (rfc8216bis §6.2.5). */
export interface ReloadRequest {
  /** `_HLS_msn`. */
  readonly msn?: number;
  /** `_HLS_part`. */
  readonly part?: number;
}

/** A request that the server answers with an error, and why. */
export interface ReloadRejection {
  readonly action: 'reject';
  readonly status: 400;
  /** Names the offending value; for the body of the answer and the log. */
  readonly reason: string;
}

/** What a query string asks for. */
export interface ReloadQuery {
  readonly action: 'parsed';
  readonly request: ReloadRequest;
  /** `_HLS_skip`; absent for values that the specification does not define, which then get the full playlist. */
  readonly skip?: 'YES' | 'v2';
}

/**
 * Reads `_HLS_msn`, `_HLS_part` and `_HLS_skip` from a query string without its question mark; other parameters, such
 * as a CDN's token, are left alone. A number that is none, negative or above 2⁵³ − 1, and a directive given twice, is a
 * rejection. Once a playlist has EXT-X-ENDLIST the server MUST ignore directives (§6.2.5): ignore a rejection as well then.
 */
export function parseReloadQuery(query: string): ReloadQuery | ReloadRejection {
  let msn: number | undefined;
  let part: number | undefined;
  let skip: string | undefined;
  // The plain reload has no directive; most hosts see far more of the others, but this costs nothing.
  if (!query.includes('_HLS_')) return { action: 'parsed', request: {} };
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (name === '_HLS_skip') {
      if (skip !== undefined) return reject('_HLS_skip is given twice');
      skip = value;
    } else if (name === '_HLS_msn' || name === '_HLS_part') {
      if ((name === '_HLS_msn' ? msn : part) !== undefined) return reject(`${name} is given twice`);
      const number = parseNumber(value);
      if (number === undefined)
        return reject(`${name} is no sequence number: ${JSON.stringify(value.slice(0, 40))}`);
      if (name === '_HLS_msn') msn = number;
      else part = number;
    }
  }
  // §6.2.5.2: _HLS_part without _HLS_msn is an error.
  if (part !== undefined && msn === undefined) return reject('_HLS_part needs _HLS_msn');
  return {
    action: 'parsed',
    request: { ...(msn === undefined ? {} : { msn }), ...(part === undefined ? {} : { part }) },
    ...(skip === 'YES' || skip === 'v2' ? { skip } : {}),
  };
}

/** A rejection with status 400. */
export function reject(reason: string): ReloadRejection {
  return { action: 'reject', status: 400, reason };
}

function parseNumber(value: string): number | undefined {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
