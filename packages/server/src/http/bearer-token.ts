import type { HttpRequest } from './http-request.ts';

/** Longer tokens are not worth a hash. */
const MAX_TOKEN_LENGTH = 1024;

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1); undefined when there is none or it cannot be one. */
export function bearerToken(request: HttpRequest): string | undefined {
  const header = request.headers.authorization ?? '';
  if (header.length > MAX_TOKEN_LENGTH + 10) return undefined;
  return /^bearer {1,3}([\x21-\x7e]+)$/i.exec(header)?.[1];
}
