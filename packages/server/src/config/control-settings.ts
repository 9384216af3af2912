import { choice, integer, list, optionalText, text } from './setting.ts';

/** Accounts, database and what else the control plane is told. */
export const controlSettings = {
  role: choice({
    env: 'ROLE',
    words: ['all', 'media'],
    default: 'all',
    description: 'media: no accounts, chat and database; stream keys come from the key file alone',
  }),
  oldMasterKeys: list({
    env: 'TALLYLIGHT_OLD_MASTER_KEYS',
    unit: '32 bytes in base64 each',
    secret: true,
    description: 'Master keys of before: what they sealed still opens, and is sealed anew when it is used',
  }),
  databaseUrl: optionalText({
    env: 'DATABASE_URL',
    unit: 'postgres:// URL',
    secret: true,
    description: 'PostgreSQL 15 to 18; without it one is run in DATA_DIR',
  }),
  databaseConnections: integer({
    env: 'DATABASE_CONNECTIONS',
    default: 10,
    min: 2,
    max: 100,
    unit: 'connections',
    description: 'Connections to PostgreSQL at most',
  }),
  databaseTimeoutMs: integer({
    env: 'DATABASE_TIMEOUT_MS',
    default: 1500,
    min: 200,
    max: 30_000,
    unit: 'ms',
    description: 'A query that takes longer is answered with 503',
  }),
  signUp: choice({
    env: 'SIGN_UP',
    words: ['open', 'closed'],
    default: 'open',
    description: 'Who may make an account: everybody, or only whom an administrator makes one for',
  }),
  authJwksUrl: optionalText({
    env: 'AUTH_JWKS_URL',
    unit: 'URL',
    description: 'Keys of a host app whose JWTs are accepted',
  }),
  authJwtSecret: optionalText({
    env: 'AUTH_JWT_SECRET',
    unit: 'text of 32 bytes or more',
    secret: true,
    description: 'HS256 secret of a host app whose JWTs are accepted',
  }),
  authJwtIssuer: optionalText({
    env: 'AUTH_JWT_ISSUER',
    unit: 'text',
    description: '`iss` that a host app’s JWT must have',
  }),
  authJwtAudience: optionalText({
    env: 'AUTH_JWT_AUDIENCE',
    unit: 'text',
    description: '`aud` that a host app’s JWT must have',
  }),
  oidcIssuer: optionalText({
    env: 'OIDC_ISSUER',
    unit: 'URL',
    description: 'OpenID Connect provider to sign in with',
  }),
  oidcClientId: optionalText({ env: 'OIDC_CLIENT_ID', unit: 'text', description: 'Our id there' }),
  oidcClientSecret: optionalText({
    env: 'OIDC_CLIENT_SECRET',
    unit: 'text',
    secret: true,
    description: 'Our secret there',
  }),
  oidcName: text({
    env: 'OIDC_NAME',
    default: 'Single sign-on',
    unit: 'text',
    description: 'How the provider is called on the sign-in page',
  }),
  smtpUrl: optionalText({
    env: 'SMTP_URL',
    unit: 'smtp:// or smtps:// URL',
    secret: true,
    description: 'Mail server for password resets and reminders',
  }),
  mailFrom: optionalText({ env: 'MAIL_FROM', unit: 'address', description: 'Sender of our mail' }),
  corsOrigins: list({
    env: 'CORS_ORIGINS',
    unit: 'origins',
    description: 'Origins of host apps that may call the API with cookies and open sockets',
  }),
  metricsPort: integer({
    env: 'METRICS_PORT',
    default: 0,
    min: 0,
    max: 65_535,
    unit: 'port',
    description: 'Prometheus figures on 127.0.0.1; 0: not there',
  }),
  metricsToken: optionalText({
    env: 'METRICS_TOKEN',
    unit: 'text',
    secret: true,
    description: 'Bearer token that opens /metrics on HTTP_PORT; without it /metrics is not there',
  }),
};
