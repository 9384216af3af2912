-- Who can sign in, and by what. The request role sees none of it: names that are public are mirrored into `users`.
-- The columns are what the sign-in library reads and writes; the session's token is stored as a hash.

CREATE SCHEMA IF NOT EXISTS accounts;
REVOKE ALL ON SCHEMA accounts FROM PUBLIC;
GRANT USAGE ON SCHEMA accounts TO tallylight_service;

CREATE TABLE accounts."user" (
  id uuid PRIMARY KEY,
  name varchar(100) NOT NULL,
  email varchar(320) NOT NULL UNIQUE,
  email_verified boolean NOT NULL,
  image text,
  username varchar(25) UNIQUE,
  is_anonymous boolean DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE accounts.session (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES accounts."user" (id) ON DELETE CASCADE,
  -- SHA-256 of the token, base64url.
  token varchar(64) NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  ip_address text,
  user_agent text,
  -- When a password or a passkey was last shown in this session.
  proven_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_of_user ON accounts.session (user_id);

CREATE TABLE accounts.account (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES accounts."user" (id) ON DELETE CASCADE,
  provider_id text NOT NULL,
  account_id text NOT NULL,
  -- Of other providers, encrypted.
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  -- scrypt: salt and hash.
  password text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider_id, account_id)
);
CREATE INDEX account_of_user ON accounts.account (user_id);

-- One-time things: password resets (hashed), challenges of passkeys, states of OpenID Connect.
CREATE TABLE accounts.verification (
  id text PRIMARY KEY,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verification_identifier ON accounts.verification (identifier);

CREATE TABLE accounts.passkey (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES accounts."user" (id) ON DELETE CASCADE,
  name text,
  public_key text NOT NULL,
  credential_id text NOT NULL UNIQUE,
  counter integer NOT NULL,
  device_type text NOT NULL,
  backed_up boolean NOT NULL,
  transports text,
  aaguid text,
  created_at timestamptz
);
CREATE INDEX passkey_of_user ON accounts.passkey (user_id);

-- Keys that sign our own JWTs; the private half is encrypted.
CREATE TABLE accounts.jwks (
  id uuid PRIMARY KEY,
  public_key text NOT NULL,
  private_key text NOT NULL,
  alg text,
  crv text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz
);

-- The one token that makes the first administrator; at most one row, none once there is an administrator.
CREATE TABLE accounts.setup (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  token_hash varchar(64) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['user', 'session', 'account', 'verification', 'passkey', 'jwks', 'setup'] LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON accounts.%I TO tallylight_service', name);
  END LOOP;
END $$;

-- Whoever can sign in is a user, in the same transaction; whoever cannot any more is none. As the service: the login role may not read `users`.
CREATE FUNCTION tallylight.mirror_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM users WHERE id = OLD.id;
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO users (id, username, display_name, avatar_url) VALUES (NEW.id, NEW.username, NEW.name, NEW.image);
    INSERT INTO nchat_live_accounts (user_id, is_guest) VALUES (NEW.id, coalesce(NEW.is_anonymous, false));
  ELSIF (NEW.username, NEW.name, NEW.image) IS DISTINCT FROM (OLD.username, OLD.name, OLD.image) THEN
    UPDATE users SET username = NEW.username, display_name = NEW.name, avatar_url = NEW.image, updated_at = now()
      WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION tallylight.mirror_user() OWNER TO tallylight_service;
CREATE TRIGGER mirror_user AFTER INSERT OR UPDATE OR DELETE ON accounts."user"
  FOR EACH ROW EXECUTE FUNCTION tallylight.mirror_user();

-- Servers learn at once that somebody's rights changed, whoever changed them: this process, another one, the command line.
CREATE FUNCTION tallylight.tell_access_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'session' THEN
    PERFORM pg_notify('tallylight_access', OLD.user_id || ' ' || OLD.id);
  ELSE
    PERFORM pg_notify('tallylight_access', OLD.user_id::text);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_access_changed AFTER DELETE ON accounts.session
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_access_changed();
CREATE TRIGGER tell_access_changed AFTER UPDATE OF server_role, disabled_at OR DELETE ON nchat_live_accounts
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_access_changed();
CREATE TRIGGER tell_access_changed AFTER UPDATE OF revoked_at ON nchat_live_api_tokens
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_access_changed();
