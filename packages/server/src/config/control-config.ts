import type { ControlLimits } from '../assembly/control-limits.ts';
import { controlLimits } from './control-limits.ts';
import type { SettingValues } from './read-settings.ts';
import { ConfigError } from './setting.ts';

/** Accounts, database, realtime: what the control plane is told. */
export interface ControlConfig {
  /** Absent: a PostgreSQL of our own in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databaseConnections: number;
  readonly databaseTimeoutMs: number;
  readonly signUp: 'open' | 'closed';
  /** Absent when no host app's tokens are accepted. */
  readonly hostApp:
    | {
        readonly issuer: string;
        readonly audience: string;
        readonly key: { readonly jwksUrl: string } | { readonly secret: string };
      }
    | undefined;
  /** Absent without an OpenID Connect provider. */
  readonly oidc:
    | {
        readonly issuer: string;
        readonly clientId: string;
        readonly clientSecret: string;
        readonly name: string;
      }
    | undefined;
  /** Absent when no mail is sent. */
  readonly mail: { readonly smtpUrl: string; readonly from: string } | undefined;
  readonly corsOrigins: readonly string[];
  /** Of 32 bytes each. */
  readonly oldMasterKeys: readonly Uint8Array[];
  readonly limits: ControlLimits;
  /** How long after a stream its viewers' addresses are kept, in hours. */
  readonly addressRetentionHours: number;
  /** How long quality figures are kept, in days; whole months go at once. */
  readonly metricsRetentionDays: number;
  readonly metrics: { readonly port: number; readonly token: string | undefined };
}

/** Groups the control plane's settings. */
export function controlConfig(values: SettingValues): ControlConfig {
  return {
    databaseUrl: values.databaseUrl,
    databaseConnections: values.databaseConnections,
    databaseTimeoutMs: values.databaseTimeoutMs,
    signUp: values.signUp,
    hostApp: hostAppOf(values),
    oidc: oidcOf(values),
    mail:
      values.smtpUrl === undefined || values.mailFrom === undefined
        ? undefined
        : { smtpUrl: values.smtpUrl, from: values.mailFrom },
    corsOrigins: values.corsOrigins,
    oldMasterKeys: values.oldMasterKeys.map((key) => Buffer.from(key, 'base64')),
    limits: controlLimits(values),
    addressRetentionHours: values.addressRetentionHours,
    metricsRetentionDays: values.metricsRetentionDays,
    metrics: { port: values.metricsPort, token: values.metricsToken },
  };
}

function hostAppOf(values: SettingValues): ControlConfig['hostApp'] {
  const { authJwksUrl, authJwtSecret, authJwtIssuer: issuer, authJwtAudience: audience } = values;
  if (issuer === undefined || audience === undefined) return undefined;
  if (authJwksUrl !== undefined) return { issuer, audience, key: { jwksUrl: authJwksUrl } };
  return authJwtSecret === undefined ? undefined : { issuer, audience, key: { secret: authJwtSecret } };
}

function oidcOf(values: SettingValues): ControlConfig['oidc'] {
  const {
    oidcIssuer: issuer,
    oidcClientId: clientId,
    oidcClientSecret: clientSecret,
    oidcName: name,
  } = values;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return { issuer, clientId, clientSecret, name };
}

/** Settings that belong together, and secrets that are none. Throws `ConfigError`. */
export function refuseControlContradictions(values: SettingValues): void {
  if (values.databaseUrl !== undefined && !/^postgres(?:ql)?:\/\//.test(values.databaseUrl))
    throw new ConfigError('DATABASE_URL must begin with postgres://');
  if (values.authJwksUrl !== undefined && values.authJwtSecret !== undefined)
    throw new ConfigError('AUTH_JWKS_URL and AUTH_JWT_SECRET exclude each other');
  if (values.authJwtSecret !== undefined && Buffer.byteLength(values.authJwtSecret) < 32)
    throw new ConfigError(
      'AUTH_JWT_SECRET must have at least 32 bytes (make one with: openssl rand -base64 32)',
    );
  const accepts = values.authJwksUrl !== undefined || values.authJwtSecret !== undefined;
  together(
    accepts ? 'on' : undefined,
    values.authJwtIssuer,
    'AUTH_JWT_ISSUER',
    'AUTH_JWKS_URL or AUTH_JWT_SECRET',
  );
  together(
    accepts ? 'on' : undefined,
    values.authJwtAudience,
    'AUTH_JWT_AUDIENCE',
    'AUTH_JWKS_URL or AUTH_JWT_SECRET',
  );
  together(values.oidcIssuer, values.oidcClientId, 'OIDC_CLIENT_ID', 'OIDC_ISSUER');
  together(values.oidcIssuer, values.oidcClientSecret, 'OIDC_CLIENT_SECRET', 'OIDC_ISSUER');
  together(values.smtpUrl, values.mailFrom, 'MAIL_FROM', 'SMTP_URL');
  for (const origin of values.corsOrigins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new ConfigError(`CORS_ORIGINS="${origin}" must be an origin like https://chat.example.org`);
  }
  if (values.oldMasterKeys.some((key) => Buffer.from(key, 'base64').length !== 32))
    throw new ConfigError('each of TALLYLIGHT_OLD_MASTER_KEYS must be 32 bytes in base64');
  if (values.metricsToken !== undefined && values.metricsToken.length < 16)
    throw new ConfigError('METRICS_TOKEN must have at least 16 characters');
}

function together(one: string | undefined, other: string | undefined, name: string, first: string): void {
  if ((one === undefined) === (other === undefined)) return;
  throw new ConfigError(
    `${first} and ${name} belong together, and ${one === undefined ? first : name} is missing`,
  );
}
