import { SignJWT } from 'jose';
import type { ControlServer } from './control-server.ts';

/** A host app's token as Hasura wants it, just proven; `admin` among the roles makes an administrator of this server. */
export function hostToken(server: ControlServer, userId: string, roles: readonly string[]): Promise<string> {
  const nowSec = Math.floor(Date.now() / 1000);
  const claims = {
    'x-hasura-user-id': userId,
    'x-hasura-default-role': 'user',
    'x-hasura-allowed-roles': [...roles],
  };
  return new SignJWT({ auth_time: nowSec, 'https://hasura.io/jwt/claims': claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer('https://host-app.test')
    .setAudience('tallylight')
    .setIssuedAt(nowSec)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(server.hostAppSecret));
}
