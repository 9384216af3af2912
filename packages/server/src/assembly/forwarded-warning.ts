import { isLoopback } from '../http/address.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { Logger } from '../platform/logger.ts';

type Asked = Pick<HttpRequest, 'headers' | 'socket'>;

/**
 * The same addresses, with a warning, once, when a proxy on this machine sends requests for others and is not believed: then all the world
 * counts as one client.
 */
export function warningOfProxies(
  addressOf: (request: Asked) => string,
  log: Logger,
): (request: Asked) => string {
  let isSaid = false;
  return (request) => {
    const address = addressOf(request);
    if (!isSaid && request.headers['x-forwarded-for'] !== undefined && isLoopback(address)) {
      isSaid = true;
      log.warn(
        { address },
        'X-Forwarded-For of a proxy on this machine is not believed, and everybody behind it counts as one client: name it in TRUSTED_PROXIES',
      );
    }
    return address;
  };
}
