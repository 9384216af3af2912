-- Roles, and how a policy learns on whose behalf a statement runs. Written to be applied twice without harm:
-- roles belong to the whole cluster, and an nchat database may have some of this already.

DO $$
BEGIN
  -- Statements on behalf of one user or of nobody: sees what the policies show.
  CREATE ROLE tallylight_request NOLOGIN NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
  -- The server's own work: counters, telemetry, authorisers, jobs. Its policies allow every row; it is no superuser either.
  CREATE ROLE tallylight_service NOLOGIN NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
  EXECUTE format('GRANT tallylight_request, tallylight_service TO %I', current_user);
EXCEPTION WHEN unique_violation OR invalid_grant_operation THEN NULL;
END $$;

CREATE SCHEMA IF NOT EXISTS tallylight;
GRANT USAGE ON SCHEMA tallylight TO tallylight_request, tallylight_service;
GRANT CREATE ON SCHEMA tallylight TO tallylight_service;
GRANT USAGE ON SCHEMA public TO tallylight_request, tallylight_service;

-- Hasura sets `hasura.user` to a JSON object of session variables, and so does this server: x-hasura-user-id, x-hasura-role.
CREATE OR REPLACE FUNCTION tallylight.claim(name text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('hasura.user', true), '')::jsonb ->> name $$;

CREATE OR REPLACE FUNCTION tallylight.user_id() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(tallylight.claim('x-hasura-user-id'), '')::uuid $$;

-- True for the administrators of this server.
CREATE OR REPLACE FUNCTION tallylight.is_admin() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(tallylight.claim('x-hasura-role') = 'admin', false) $$;

-- nhost and Supabase bring `auth.uid()`; elsewhere it is ours.
CREATE SCHEMA IF NOT EXISTS auth;
DO $$
BEGIN
  IF to_regprocedure('auth.uid()') IS NULL THEN
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT tallylight.user_id()';
    GRANT USAGE ON SCHEMA auth TO tallylight_request, tallylight_service;
  END IF;
END $$;
