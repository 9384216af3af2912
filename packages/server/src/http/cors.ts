/** CORS for answers that hold nothing personal. */
export const ANY_ORIGIN: readonly string[] = ['Access-Control-Allow-Origin', '*'];

/** What a page of another origin may read of answers to WHIP, WHEP and the API; the methods too, for clients that ask with OPTIONS. */
export const EXPOSED_HEADERS: readonly string[] = [
  'Access-Control-Expose-Headers',
  'Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, Access-Control-Allow-Methods',
];

/** Request headers that pages of other origins may send. Some WHIP clients send their entity tag as `ETag`. */
const ALLOWED_REQUEST_HEADERS = 'Authorization, Content-Type, If-Match, ETag';

/** Headers of an answer to OPTIONS on a path that takes these methods. */
export function preflightHeaders(taken: Iterable<string>): readonly string[] {
  const methods = allowedMethods(taken);
  return [
    ...ANY_ORIGIN,
    ...EXPOSED_HEADERS,
    'Allow',
    methods,
    'Access-Control-Allow-Methods',
    methods,
    'Access-Control-Allow-Headers',
    ALLOWED_REQUEST_HEADERS,
    'Access-Control-Max-Age',
    '86400',
  ];
}

/** Value of `Allow` for a path that takes these methods. */
export function allowedMethods(taken: Iterable<string>): string {
  return [...new Set([...taken, 'OPTIONS'])].join(', ');
}
