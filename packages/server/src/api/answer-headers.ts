/**
 * Headers of every answer of the API. Nothing of it may be kept, rendered as a page or guessed to be something else; a handler that
 * knows better says so in its `ApiReply`.
 */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
