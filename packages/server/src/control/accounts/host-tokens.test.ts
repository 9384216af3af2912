import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostTokens } from './host-tokens.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const NOW = NOW_MS / 1000;
const clock = { now: () => NOW_MS, monotonicMs: () => NOW_MS };
const userId = '0192f0c1-0000-7000-8000-000000000001';
const app = { issuer: 'https://app.example', audience: 'live' };

const ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = 'a secret of the host app, long enough';

let server: Server;
let jwksUrl: string;
let other: Server;
let otherUrl: string;
let othersAsked = 0;

beforeAll(async () => {
  const keys = [
    { ...(await exportJWK(ours.publicKey)), kid: 'ours', alg: 'RS256' },
    { ...(await exportJWK(elliptic.publicKey)), kid: 'elliptic' },
  ];
  server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  const foreign = [{ ...(await exportJWK(theirs.publicKey)), kid: 'theirs' }];
  other = createServer((_, response) => {
    othersAsked++;
    response.end(JSON.stringify({ keys: foreign }));
  });
  jwksUrl = await listen(server);
  otherUrl = await listen(other);
});

afterAll(() => {
  server.close();
  other.close();
});

async function listen(one: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    one.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}/jwks`;
}

const good = { sub: userId, iss: app.issuer, aud: app.audience, iat: NOW, exp: NOW + 600 };

async function signed(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = { alg: 'RS256', kid: 'ours' },
  key: KeyObject = ours.privateKey,
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key);
}

function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

const refused = { code: 'UNAUTHENTICATED', statusCode: 401 };

describe('by the keys of a JWKS', () => {
  const tokens = () => new HostTokens({ ...app, key: { jwksUrl } }, clock);

  test('a good token is its subject', async () => {
    expect(await tokens().verify(await signed(good))).toMatchObject({ userId, isAdmin: false });
  });

  test('Hasura’s claims name user and roles, also as text', async () => {
    const claims = { 'x-hasura-user-id': userId, 'x-hasura-allowed-roles': ['user', 'admin'] };
    for (const given of [claims, JSON.stringify(claims)]) {
      const token = await signed({ ...good, sub: 'auth0|1', 'https://hasura.io/jwt/claims': given });
      expect(await tokens().verify(token)).toMatchObject({ userId, isAdmin: true });
    }
  });

  test('auth_time alone is when somebody proved who they are, a refreshed token is no proof; never tomorrow', async () => {
    const proven = async (claims: object) =>
      (await tokens().verify(await signed({ ...good, ...claims }))).provenAtMs;
    expect(await proven({ auth_time: NOW - 100 })).toBe(NOW_MS - 100_000);
    expect(await proven({})).toBeUndefined();
    expect(await proven({ auth_time: String(NOW) })).toBeUndefined();
    expect(await proven({ auth_time: NOW + 3600 })).toBeUndefined();
  });

  test('none is no signature, in any spelling', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      await expect(tokens().verify(unsigned({ alg, kid: 'ours' }, good))).rejects.toMatchObject(refused);
  });

  test('HS256 with the public key as the secret is refused', async () => {
    for (const text of [
      ours.publicKey.export({ type: 'spki', format: 'pem' }),
      ours.publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(ours.publicKey.export({ format: 'jwk' })),
    ]) {
      const key = createSecretKey(Buffer.from(text));
      for (const kid of ['ours', undefined]) {
        const token = await signed(good, { alg: 'HS256', ...(kid === undefined ? {} : { kid }) }, key);
        await expect(tokens().verify(token)).rejects.toMatchObject(refused);
      }
    }
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer that begins like it', { iss: 'https://app.example.evil' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'shop' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is text', { exp: '9999999999' }],
    ['a subject that is no UUID', { sub: 'admin' }],
    ['no subject', { sub: undefined }],
    ['Hasura claims of another form', { 'https://hasura.io/jwt/claims': { 'x-hasura-user-id': '1 OR 1=1' } }],
    ['Hasura claims that are no JSON', { 'https://hasura.io/jwt/claims': '{' }],
  ])('%s is refused', async (_, claims) => {
    await expect(tokens().verify(await signed({ ...good, ...claims }))).rejects.toMatchObject(refused);
  });

  test('60 s of skew pass, 61 s do not', async () => {
    const verify = async (claims: object) => await tokens().verify(await signed({ ...good, ...claims }));
    await expect(verify({ exp: NOW - 59 })).resolves.toBeDefined();
    await expect(verify({ exp: NOW - 61 })).rejects.toMatchObject(refused);
    await expect(verify({ nbf: NOW + 60 })).resolves.toBeDefined();
    await expect(verify({ nbf: NOW + 61 })).rejects.toMatchObject(refused);
  });

  test('a key of another issuer is not accepted, whatever kid and header say', async () => {
    for (const header of [
      { kid: 'theirs' },
      { kid: 'ours' },
      { kid: otherUrl },
      { kid: '../../../dev/null' },
      { kid: "' OR 1=1 --" },
      { kid: '__proto__' },
      {},
      { kid: 'ours', jku: otherUrl },
      { kid: 'theirs', x5u: otherUrl },
      { kid: 'ours', jwk: await exportJWK(theirs.publicKey) },
      { kid: 'theirs', jwk: await exportJWK(theirs.publicKey) },
    ])
      await expect(
        tokens().verify(await signed(good, { alg: 'RS256', ...header }, theirs.privateKey)),
      ).rejects.toMatchObject(refused);
    expect(othersAsked).toBe(0);
  });

  test('an algorithm that is not in the settings is refused, though the key is there', async () => {
    const token = await signed(good, { alg: 'ES256', kid: 'elliptic' }, elliptic.privateKey);
    expect(await tokens().verify(token)).toMatchObject({ userId });
    const strict = new HostTokens({ ...app, key: { jwksUrl }, algorithms: ['RS256'] }, clock);
    await expect(strict.verify(token)).rejects.toMatchObject(refused);
    expect(await strict.verify(await signed(good))).toMatchObject({ userId });
  });

  test('a token that was changed is refused', async () => {
    const [header, , signature] = (await signed(good)).split('.');
    const payload = Buffer.from(JSON.stringify({ ...good, admin: true })).toString('base64url');
    for (const token of [
      `${header}.${payload}.${signature}`,
      `${header}.${payload}.`,
      'a.b.c',
      '..',
      'é.é.é',
    ])
      await expect(tokens().verify(token)).rejects.toMatchObject(refused);
  });

  test('8192 characters are read, no more', async () => {
    const bare = (await signed({ ...good, pad: '' })).length;
    const long = await signed({ ...good, pad: 'x'.repeat(Math.floor((8192 - bare) * 0.74)) });
    expect(long.length).toBeLessThanOrEqual(8192);
    await expect(tokens().verify(long)).resolves.toBeDefined();
    await expect(tokens().verify(await signed({ ...good, pad: 'x'.repeat(6200) }))).rejects.toMatchObject(
      refused,
    );
  });

  test('keys that cannot be read are no refusal of the token', async () => {
    const away = new HostTokens({ ...app, key: { jwksUrl: 'http://127.0.0.1:1/jwks' } }, clock);
    await expect(away.verify(await signed(good))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('by a secret', () => {
  const key = createSecretKey(Buffer.from(secret));
  const tokens = new HostTokens({ ...app, key: { secret } }, clock);

  test('a good token is its subject', async () => {
    expect(await tokens.verify(await signed(good, { alg: 'HS256' }, key))).toMatchObject({ userId });
  });

  test('another secret, an empty one, another algorithm and none are refused', async () => {
    const wrong = createSecretKey(Buffer.from('a secret of somebody else, as long'));
    const longer = createSecretKey(Buffer.concat([Buffer.from(secret), Buffer.alloc(64)]));
    for (const token of [
      await signed(good, { alg: 'HS256' }, wrong),
      await signed(good, { alg: 'HS512' }, longer),
      await signed(good, { alg: 'RS256' }, ours.privateKey),
      unsigned({ alg: 'none' }, good),
      unsigned({ alg: 'HS256' }, good),
    ])
      await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  });
});

describe('settings that would let anybody in are refused', () => {
  test('31 bytes are no secret, 32 are', () => {
    expect(() => new HostTokens({ ...app, key: { secret: 'x'.repeat(31) } }, clock)).toThrow(RangeError);
    expect(() => new HostTokens({ ...app, key: { secret: 'x'.repeat(32) } }, clock)).not.toThrow();
  });

  test.each([
    ['an empty secret', { ...app, key: { secret: '' } }],
    [
      'a public key as secret',
      { ...app, key: { secret: String(ours.publicKey.export({ type: 'spki', format: 'pem' })) } },
    ],
    ['no issuer', { ...app, issuer: '', key: { secret } }],
    ['no audience', { ...app, audience: '', key: { secret } }],
    [
      'HS256 for public keys',
      { ...app, key: { jwksUrl: 'https://a.example' }, algorithms: ['RS256', 'HS256'] },
    ],
    ['none', { ...app, key: { jwksUrl: 'https://a.example' }, algorithms: ['none'] }],
    ['no algorithm', { ...app, key: { jwksUrl: 'https://a.example' }, algorithms: [] }],
    ['keys from a file', { ...app, key: { jwksUrl: 'file:///etc/passwd' } }],
  ])('%s', (_, settings) => {
    expect(() => new HostTokens(settings, clock)).toThrow(RangeError);
  });
});
