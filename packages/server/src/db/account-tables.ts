import type { ColumnType, Generated } from 'kysely';

/** Columns of time: read as `Date`, written as `Date` or ISO text; with a default; or nothing. */
type Time = ColumnType<Date, Date | string, Date | string>;
type DefaultTime = ColumnType<Date, Date | string | undefined, Date | string>;
type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;

/** Rows of `accounts.account`: what a person can sign in with. */
export interface AuthAccountTable {
  id: string;
  user_id: string;
  provider_id: string;
  account_id: string;
  password: string | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

/** Rows of `accounts.session`; `token` is its hash. */
export interface AuthSessionTable {
  id: string;
  user_id: string;
  token: string;
  expires_at: Time;
  ip_address: string | null;
  user_agent: string | null;
  proven_at: OptionalTime;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

/** The one row of `accounts.setup`, if any. */
export interface AuthSetupTable {
  only_one: Generated<boolean>;
  token_hash: string;
  created_at: DefaultTime;
}

/** Rows of `accounts.user`: who can sign in here. */
export interface AuthUserTable {
  id: string;
  name: string;
  email: string;
  email_verified: boolean;
  image: string | null;
  username: string | null;
  is_anonymous: Generated<boolean | null>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  seen_at: OptionalTime;
}

/** Rows of `accounts.verification`: one-time tokens, under their hash. */
export interface AuthVerificationTable {
  id: string;
  identifier: string;
  value: string;
  expires_at: Time;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}
