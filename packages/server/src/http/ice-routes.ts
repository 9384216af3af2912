import type { IceServerSource } from './ice-server-source.ts';
import { respondJson } from './respond.ts';
import { Router } from './router.ts';

/** `GET /api/ice-servers` → `{"iceServers":[…]}`, as `RTCPeerConnection` takes them. */
export function iceRoutes(source: IceServerSource): Router {
  return new Router().get('/api/ice-servers', (_request, response) =>
    respondJson(response, { iceServers: source.iceServers() }),
  );
}
