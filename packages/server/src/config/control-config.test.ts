import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { ConfigError } from './setting.ts';

const secret = 'a'.repeat(32);

describe('settings of the control plane', () => {
  test('by default there is one, with a database of its own and open sign-up', () => {
    const { control } = loadConfig([], {});
    expect(control).toMatchObject({
      databaseUrl: undefined,
      signUp: 'open',
      hostApp: undefined,
      oidc: undefined,
      mail: undefined,
      metrics: { port: 0, token: undefined },
    });
  });

  test('ROLE=media is without', () => {
    expect(loadConfig([], { ROLE: 'media' }).control).toBeUndefined();
  });

  test("a host app's tokens need key, issuer and audience", () => {
    const env = { AUTH_JWT_SECRET: secret, AUTH_JWT_ISSUER: 'app', AUTH_JWT_AUDIENCE: 'live' };
    expect(loadConfig([], env).control?.hostApp).toEqual({
      issuer: 'app',
      audience: 'live',
      key: { secret },
    });
  });

  test.each([
    ['DATABASE_URL must begin with postgres://', { DATABASE_URL: 'mysql://root@localhost/x' }],
    [/AUTH_JWT_ISSUER is missing/, { AUTH_JWT_SECRET: secret, AUTH_JWT_AUDIENCE: 'live' }],
    [/AUTH_JWT_AUDIENCE is missing/, { AUTH_JWT_SECRET: secret, AUTH_JWT_ISSUER: 'app' }],
    [
      /at least 32 bytes/,
      { AUTH_JWT_SECRET: 'a'.repeat(31), AUTH_JWT_ISSUER: 'app', AUTH_JWT_AUDIENCE: 'live' },
    ],
    [/exclude each other/, { AUTH_JWT_SECRET: secret, AUTH_JWKS_URL: 'https://app.example/jwks' }],
    [/OIDC_CLIENT_SECRET is missing/, { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'us' }],
    [/MAIL_FROM is missing/, { SMTP_URL: 'smtp://localhost' }],
    [/CORS_ORIGINS="https:\/\/a.example\/x"/, { CORS_ORIGINS: 'https://a.example/x' }],
    [/METRICS_TOKEN must have at least 16/, { METRICS_TOKEN: 'a'.repeat(15) }],
  ])('refused: %s', (message, env) => {
    expect(() => loadConfig([], env)).toThrow(ConfigError);
    expect(() => loadConfig([], env)).toThrow(message);
  });

  test('limits that are set arrive where they are enforced', () => {
    const env = {
      AUTH_MAX_BODY_BYTES: '2048',
      AUTH_REQUESTS_PER_ADDRESS: '11',
      API_MAX_JSON_DEPTH: '5',
      API_BODY_TIMEOUT_SEC: '2',
      API_BAD_TOKENS_PER_MINUTE: '3',
      SOCKET_FRAMES_PER_SECOND: '12',
      CHAT_QUEUE_PER_ROOM: '13',
    };
    expect(loadConfig([], env).control?.limits).toMatchObject({
      accounts: { bodyBytes: 2048, otherPerAddressPerMinute: 11 },
      api: { maxAuthBodyBytes: 2048, maxJsonDepth: 5, bodyTimeoutMs: 2000, badTokensPerMinute: 3 },
      realtime: { framesPerSecond: 12 },
      chat: { queuePerRoom: 13 },
    });
  });

  test('16 characters of METRICS_TOKEN pass', () => {
    expect(loadConfig([], { METRICS_TOKEN: 'a'.repeat(16) }).control?.metrics.token).toHaveLength(16);
  });
});
