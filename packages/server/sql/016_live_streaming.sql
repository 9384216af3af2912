-- Live streaming for an existing nchat database, in one file: psql -v ON_ERROR_STOP=1 -f 016_live_streaming.sql
-- Needs PostgreSQL 15 to 18, and the tables users, nchat_channels and nchat_channel_members, which it leaves as they are.
-- Apply it as the owner of these tables, who may create roles. It is made of db/migrations by `npm run build:sql`: change those.
-- The server goes on from here by itself: it finds in tallylight.migrations what this file has done.

BEGIN;
SET LOCAL search_path TO public;
SELECT pg_advisory_xact_lock(499850701945);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'nchat_channels', 'nchat_channel_members'] LOOP
    IF to_regclass('public.' || name) IS NULL THEN
      RAISE EXCEPTION 'there is no table %: this file is for a database of nchat''s; elsewhere run tallylight migrate', name;
    END IF;
  END LOOP;
  IF to_regclass('tallylight.migrations') IS NOT NULL THEN
    RAISE EXCEPTION 'this database has been set up already: run tallylight migrate';
  END IF;
  IF to_regclass('public.nchat_streams') IS NOT NULL THEN
    RAISE EXCEPTION 'there is a table nchat_streams already, of nchat''s migration 0007: rename it and the other nchat_stream_* tables first';
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS tallylight;
CREATE TABLE tallylight.migrations (
  name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());

-- ---- 0001-roles-and-claims
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

-- ---- 0002-host-tables
-- What a host app such as nchat has already: people, channels, members. Made only where they are absent, and left as they are where present.

CREATE TABLE IF NOT EXISTS users (
  id uuid PRIMARY KEY,
  username varchar(25),
  display_name varchar(100),
  avatar_url text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS nchat_channels (
  id uuid PRIMARY KEY,
  slug varchar(64) UNIQUE,
  name varchar(100) NOT NULL,
  description text,
  avatar_url text,
  is_private boolean NOT NULL DEFAULT false,
  created_by uuid REFERENCES users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- role: owner, admin, broadcaster, moderator, viewer; nchat's `member` may broadcast, as its own route allows.
CREATE TABLE IF NOT EXISTS nchat_channel_members (
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role varchar(50) NOT NULL DEFAULT 'viewer',
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX IF NOT EXISTS nchat_channel_members_user ON nchat_channel_members (user_id);

-- What this product knows of a person beyond the host's table.
CREATE TABLE nchat_live_accounts (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  server_role varchar(20) NOT NULL DEFAULT 'user' CHECK (server_role IN ('user', 'admin')),
  is_guest boolean NOT NULL DEFAULT false,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- ---- 0003-streams
-- Streams and what belongs to one. Names are nchat's (documented names as columns, those of its migration 0007 generated beside them).

CREATE TABLE nchat_streams (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  broadcaster_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  livekit_room_name varchar(255) UNIQUE,
  livekit_egress_id varchar(255),
  title varchar(255) NOT NULL,
  description text,
  thumbnail_url text,
  scheduled_at timestamptz,
  status varchar(50) NOT NULL DEFAULT 'preparing'
    CHECK (status IN ('scheduled', 'preparing', 'live', 'ending', 'ended', 'cancelled', 'failed')),
  -- Masked: `live_…` and the last four characters. The key itself is sealed in nchat_stream_keys.
  stream_key varchar(255),
  ingest_url text,
  hls_manifest_url text,
  dash_manifest_url text,
  max_resolution varchar(20) NOT NULL DEFAULT '1080p'
    CHECK (max_resolution IN ('auto', '1080p', '720p', '480p', '360p')),
  bitrate_kbps integer NOT NULL DEFAULT 6000 CHECK (bitrate_kbps BETWEEN 100 AND 100000),
  fps integer NOT NULL DEFAULT 30 CHECK (fps BETWEEN 1 AND 120),
  is_recorded boolean NOT NULL DEFAULT true,
  enable_chat boolean NOT NULL DEFAULT true,
  enable_reactions boolean NOT NULL DEFAULT true,
  enable_qa boolean NOT NULL DEFAULT false,
  chat_mode varchar(50) NOT NULL DEFAULT 'open'
    CHECK (chat_mode IN ('open', 'followers', 'subscribers', 'disabled')),
  slow_mode_seconds integer NOT NULL DEFAULT 0 CHECK (slow_mode_seconds BETWEEN 0 AND 120),
  -- Chat opens half an hour before the schedule.
  waiting_room boolean NOT NULL DEFAULT false,
  visibility varchar(20) NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'unlisted', 'private')),
  -- Goes live with its publisher, without POST …/start.
  auto_start boolean NOT NULL DEFAULT false,
  -- NULL: the server's setting.
  reconnect_window_seconds integer CHECK (reconnect_window_seconds BETWEEN 0 AND 1800),
  tags text[] NOT NULL DEFAULT '{}',
  language varchar(10) NOT NULL DEFAULT 'en',
  automod jsonb NOT NULL DEFAULT '{}',
  current_viewers integer NOT NULL DEFAULT 0,
  peak_viewer_count integer NOT NULL DEFAULT 0,
  total_view_count integer NOT NULL DEFAULT 0,
  total_chat_messages integer NOT NULL DEFAULT 0,
  total_reactions integer NOT NULL DEFAULT 0,
  started_at timestamptz,
  ended_at timestamptz,
  recording_url text,
  recording_duration_seconds integer,
  recording_expires_at timestamptz,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  peak_viewers integer GENERATED ALWAYS AS (peak_viewer_count) STORED,
  total_views integer GENERATED ALWAYS AS (total_view_count) STORED,
  duration_seconds integer GENERATED ALWAYS AS (recording_duration_seconds) STORED
);
CREATE INDEX nchat_streams_channel ON nchat_streams (channel_id);
CREATE INDEX nchat_streams_broadcaster ON nchat_streams (broadcaster_id);
CREATE INDEX nchat_streams_status ON nchat_streams (status);
CREATE INDEX nchat_streams_live ON nchat_streams (started_at DESC) WHERE status = 'live';
CREATE INDEX nchat_streams_scheduled ON nchat_streams (scheduled_at) WHERE scheduled_at IS NOT NULL;
CREATE INDEX nchat_streams_ended ON nchat_streams (ended_at DESC) WHERE status = 'ended';
CREATE INDEX nchat_streams_created ON nchat_streams (created_at DESC);

-- Stream keys: found by a keyed hash, shown again by decryption (AES-256-GCM; AAD: channel and version). No role but the service sees them.
CREATE TABLE nchat_stream_keys (
  id uuid PRIMARY KEY,
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  version integer NOT NULL DEFAULT 1,
  lookup varchar(64) NOT NULL UNIQUE,
  sealed jsonb NOT NULL,
  last4 varchar(4) NOT NULL,
  created_by uuid REFERENCES users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Set on a rotated key that still works for a while.
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
CREATE INDEX nchat_stream_keys_stream ON nchat_stream_keys (stream_id);

-- One playback session of one viewer. user_id NULL: anonymous.
CREATE TABLE nchat_stream_viewers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid REFERENCES users (id) ON DELETE SET NULL,
  session_id varchar(64) NOT NULL,
  ip_address inet,
  user_agent text,
  country varchar(2),
  device varchar(40),
  browser varchar(60),
  os varchar(60),
  joined_at timestamptz NOT NULL DEFAULT now(),
  left_at timestamptz,
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  total_watch_time_seconds integer NOT NULL DEFAULT 0,
  selected_quality varchar(20) NOT NULL DEFAULT 'auto',
  transport varchar(20),
  sent_chat_messages integer NOT NULL DEFAULT 0,
  sent_reactions integer NOT NULL DEFAULT 0,
  metadata jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now(),
  viewer_session_id varchar(64) GENERATED ALWAYS AS (session_id) STORED,
  watch_duration_seconds integer GENERATED ALWAYS AS (total_watch_time_seconds) STORED,
  UNIQUE (stream_id, session_id)
);
CREATE INDEX nchat_stream_viewers_present ON nchat_stream_viewers (stream_id) WHERE left_at IS NULL;
CREATE INDEX nchat_stream_viewers_user ON nchat_stream_viewers (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX nchat_stream_viewers_joined ON nchat_stream_viewers (stream_id, joined_at DESC);

-- Every 5 s of a live stream. Partitions are made ahead by a job, one a month.
CREATE TABLE nchat_stream_quality_metrics (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  current_viewer_count integer NOT NULL DEFAULT 0,
  concurrent_connections integer NOT NULL DEFAULT 0,
  bitrate_kbps integer,
  fps real,
  resolution varchar(20),
  dropped_frames integer NOT NULL DEFAULT 0,
  encoder_speed real,
  upload_bitrate_kbps integer,
  latency_ms integer,
  packet_loss_percent real,
  health_score integer CHECK (health_score BETWEEN 0 AND 100),
  PRIMARY KEY (recorded_at, id)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX nchat_stream_quality_metrics_stream ON nchat_stream_quality_metrics (stream_id, recorded_at DESC);

-- Makes the partition of the month that holds `at`. Partitions are reached through their parent only: nothing is granted on them.
CREATE OR REPLACE FUNCTION tallylight.ensure_metrics_partition(at timestamptz) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  first_day date := date_trunc('month', at AT TIME ZONE 'UTC')::date;
  name text := 'nchat_stream_quality_metrics_' || to_char(first_day, 'YYYY_MM');
BEGIN
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format(
    'CREATE TABLE public.%I PARTITION OF public.nchat_stream_quality_metrics FOR VALUES FROM (%L) TO (%L)',
    name, first_day::timestamp AT TIME ZONE 'UTC', (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC');
  EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
EXCEPTION WHEN duplicate_table THEN NULL;
END $$;
SELECT tallylight.ensure_metrics_partition(now());
SELECT tallylight.ensure_metrics_partition(now() + interval '1 month');

-- ---- 0004-talk
-- What people say: chat, reactions, questions; and who keeps order.

-- The last sequence number given out in a stream's chat. Its row lock orders the messages; epoch changes when history was lost.
CREATE TABLE nchat_stream_chat_counters (
  stream_id uuid PRIMARY KEY REFERENCES nchat_streams (id) ON DELETE CASCADE,
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  last_seq bigint NOT NULL DEFAULT 0
);

CREATE TABLE nchat_stream_chat_messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  content text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 500),
  -- Position in the stream's chat, 1, 2, 3, … without gaps.
  seq bigint NOT NULL,
  -- The sender's own id of the message: the same one twice is one message.
  client_id varchar(64) NOT NULL,
  is_pinned boolean NOT NULL DEFAULT false,
  pinned_at timestamptz,
  pinned_by uuid REFERENCES users (id) ON DELETE SET NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  deleted_at timestamptz,
  deleted_by uuid REFERENCES users (id) ON DELETE SET NULL,
  is_highlighted boolean NOT NULL DEFAULT false,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (stream_id, seq),
  UNIQUE (stream_id, user_id, client_id)
);
CREATE INDEX nchat_stream_chat_messages_user ON nchat_stream_chat_messages (user_id);
CREATE INDEX nchat_stream_chat_messages_created ON nchat_stream_chat_messages (created_at DESC);
CREATE INDEX nchat_stream_chat_messages_pinned ON nchat_stream_chat_messages (stream_id) WHERE is_pinned;

CREATE TABLE nchat_stream_reactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  emoji varchar(32) NOT NULL,
  -- heart, like, fire, clap, laugh, wow, sad, angry; NULL for any other emoji.
  reaction_type varchar(50),
  position_x real CHECK (position_x BETWEEN 0 AND 100),
  position_y real CHECK (position_y BETWEEN 0 AND 100),
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX nchat_stream_reactions_stream ON nchat_stream_reactions (stream_id, created_at DESC);
CREATE INDEX nchat_stream_reactions_user ON nchat_stream_reactions (user_id);

CREATE TABLE nchat_stream_questions (
  id uuid PRIMARY KEY,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id varchar(64) NOT NULL,
  content text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 500),
  status varchar(20) NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'dismissed')),
  answer text CHECK (char_length(answer) <= 2000),
  upvotes integer NOT NULL DEFAULT 0,
  answered_at timestamptz,
  answered_by uuid REFERENCES users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (stream_id, user_id, client_id)
);
CREATE INDEX nchat_stream_questions_stream ON nchat_stream_questions (stream_id, status, upvotes DESC);

CREATE TABLE nchat_stream_question_votes (
  question_id uuid NOT NULL REFERENCES nchat_stream_questions (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (question_id, user_id)
);

CREATE TABLE nchat_stream_moderators (
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  added_by uuid REFERENCES users (id) ON DELETE SET NULL,
  permissions jsonb NOT NULL DEFAULT '{}',
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream_id, user_id)
);

-- Bans and time-outs. stream_id NULL: the whole channel.
CREATE TABLE nchat_stream_bans (
  id uuid PRIMARY KEY,
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  stream_id uuid REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind varchar(20) NOT NULL CHECK (kind IN ('ban', 'timeout')),
  moderator_id uuid REFERENCES users (id) ON DELETE SET NULL,
  reason text,
  is_permanent boolean NOT NULL DEFAULT false,
  expires_at timestamptz,
  lifted_at timestamptz,
  lifted_by uuid REFERENCES users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (is_permanent = (expires_at IS NULL))
);
CREATE INDEX nchat_stream_bans_user ON nchat_stream_bans (user_id, channel_id) WHERE lifted_at IS NULL;

CREATE TABLE nchat_stream_moderation_log (
  id uuid PRIMARY KEY,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  moderator_id uuid REFERENCES users (id) ON DELETE SET NULL,
  target_user_id uuid REFERENCES users (id) ON DELETE SET NULL,
  action varchar(40) NOT NULL,
  reason text,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX nchat_stream_moderation_log_stream ON nchat_stream_moderation_log (stream_id, created_at DESC);

-- ---- 0005-audience
-- Who follows whom, what they want to hear of, and the small tables of the API.

CREATE TABLE nchat_channel_follows (
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX nchat_channel_follows_user ON nchat_channel_follows (user_id);

CREATE TABLE nchat_user_follows (
  followed_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (followed_id, user_id)
);
CREATE INDEX nchat_user_follows_user ON nchat_user_follows (user_id);

-- A fact that someone states (an owner, a host app): payment comes later.
CREATE TABLE nchat_channel_subscriptions (
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  tier varchar(40) NOT NULL DEFAULT 'standard',
  started_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX nchat_channel_subscriptions_user ON nchat_channel_subscriptions (user_id);

CREATE TABLE nchat_stream_notification_settings (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  on_live boolean NOT NULL DEFAULT true,
  on_scheduled boolean NOT NULL DEFAULT true,
  by_mail boolean NOT NULL DEFAULT false,
  reminder_minutes integer CHECK (reminder_minutes BETWEEN 0 AND 10080),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, channel_id)
);

CREATE TABLE nchat_stream_reminders (
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  minutes_before integer NOT NULL DEFAULT 10 CHECK (minutes_before BETWEEN 0 AND 10080),
  sent_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream_id, user_id)
);

-- What a user was told: reminders, streams that went live.
CREATE TABLE nchat_stream_notifications (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  kind varchar(40) NOT NULL,
  read_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, stream_id, kind)
);

CREATE TABLE nchat_live_api_tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name varchar(100) NOT NULL,
  token_hash varchar(64) NOT NULL UNIQUE,
  last4 varchar(4) NOT NULL,
  scopes text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX nchat_live_api_tokens_user ON nchat_live_api_tokens (user_id);

-- Answers kept for a day, so that a create that is sent twice creates once.
CREATE TABLE nchat_live_idempotency (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  operation varchar(60) NOT NULL,
  key varchar(128) NOT NULL,
  request_hash varchar(64) NOT NULL,
  status integer,
  body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, operation, key)
);

CREATE TABLE nchat_live_audit_log (
  id uuid PRIMARY KEY,
  actor_id uuid REFERENCES users (id) ON DELETE SET NULL,
  action varchar(60) NOT NULL,
  target varchar(200),
  address inet,
  details jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX nchat_live_audit_log_created ON nchat_live_audit_log (created_at DESC);

-- ---- 0006-policies
-- Who may see and do what. FORCE makes the policies hold for the owner of the tables too; only superusers are above them.
-- The questions that several policies ask are functions that run as tallylight_service, so that no policy asks another one. They are
-- PL/pgSQL, which keeps the plans of its statements for as long as a connection lives: a function in SQL that cannot be inlined is planned
-- anew on every call, and a chat message asks eight of them.

CREATE OR REPLACE FUNCTION tallylight.channel_is_private(channel uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  j jsonb;
BEGIN
  -- A host's table may say it otherwise than ours does: read as JSON, a column that is not there is merely null.
  SELECT to_jsonb(c) INTO j FROM nchat_channels c WHERE c.id = channel;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN coalesce((j ->> 'is_private')::boolean, j ->> 'type' IN ('private', 'direct', 'dm', 'group'), false);
END $$;

-- The caller's role in a channel; NULL for none.
CREATE OR REPLACE FUNCTION tallylight.channel_role(channel uuid) RETURNS text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT m.role::text FROM nchat_channel_members m
    WHERE m.channel_id = channel AND m.user_id = tallylight.user_id());
END $$;

CREATE OR REPLACE FUNCTION tallylight.runs_channel(channel uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN tallylight.is_admin() OR coalesce(tallylight.channel_role(channel) IN ('owner', 'admin'), false);
END $$;

CREATE OR REPLACE FUNCTION tallylight.may_broadcast_in(channel uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN tallylight.is_admin()
    OR coalesce(tallylight.channel_role(channel) IN ('owner', 'admin', 'broadcaster', 'member'), false);
END $$;

-- True for whom a ban or time-out of the stream, or of its channel, holds now.
CREATE OR REPLACE FUNCTION tallylight.is_barred(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM nchat_stream_bans b JOIN nchat_streams s ON s.id = stream
    WHERE b.user_id = person AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = stream)
      AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now()));
END $$;

-- The broadcaster, as long as the channel lets them broadcast; who runs the channel, and administrators.
CREATE OR REPLACE FUNCTION tallylight.owns_stream(stream uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  s record;
BEGIN
  SELECT x.channel_id, x.broadcaster_id INTO s FROM nchat_streams x WHERE x.id = stream;
  IF NOT FOUND THEN RETURN false; END IF;
  RETURN tallylight.runs_channel(s.channel_id)
    OR (coalesce(s.broadcaster_id = tallylight.user_id(), false) AND tallylight.may_broadcast_in(s.channel_id));
END $$;

-- Owners; the channel's moderators and the stream's own, as long as they are not barred themselves.
CREATE OR REPLACE FUNCTION tallylight.moderates_stream(stream uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  me uuid := tallylight.user_id();
  my_role text;
  s record;
BEGIN
  SELECT x.channel_id, x.broadcaster_id INTO s FROM nchat_streams x WHERE x.id = stream;
  IF NOT FOUND THEN RETURN false; END IF;
  IF tallylight.is_admin() THEN RETURN true; END IF;
  my_role := coalesce(tallylight.channel_role(s.channel_id), '');
  IF my_role IN ('owner', 'admin') OR (s.broadcaster_id = me AND my_role IN ('broadcaster', 'member')) THEN RETURN true; END IF;
  IF my_role = 'moderator'
     OR EXISTS (SELECT 1 FROM nchat_stream_moderators m WHERE m.stream_id = stream AND m.user_id = me) THEN
    RETURN NOT tallylight.is_barred(stream, me);
  END IF;
  RETURN false;
END $$;

-- Private streams, and streams of private channels, exist for the channel's members only, of whom the broadcaster is one;
-- unlisted ones for whoever knows the id.
CREATE OR REPLACE FUNCTION tallylight.may_view(channel uuid, broadcaster uuid, visibility text) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (visibility <> 'private' AND NOT coalesce(tallylight.channel_is_private(channel), true))
    OR tallylight.is_admin()
    OR tallylight.channel_role(channel) IS NOT NULL;
END $$;

CREATE OR REPLACE FUNCTION tallylight.may_view_stream(stream uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  s record;
BEGIN
  SELECT x.channel_id, x.broadcaster_id, x.visibility INTO s FROM nchat_streams x WHERE x.id = stream;
  IF NOT FOUND THEN RETURN false; END IF;
  RETURN tallylight.may_view(s.channel_id, s.broadcaster_id, s.visibility);
END $$;

-- True when the caller may read what is said in a stream: who sees it, but for those who are banned from one that is not for everybody.
CREATE OR REPLACE FUNCTION tallylight.may_attend(stream uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  s record;
BEGIN
  SELECT x.channel_id, x.visibility INTO s FROM nchat_streams x WHERE x.id = stream;
  IF NOT FOUND THEN RETURN false; END IF;
  IF s.visibility <> 'private' AND NOT coalesce(tallylight.channel_is_private(s.channel_id), true) THEN RETURN true; END IF;
  IF NOT (tallylight.is_admin() OR tallylight.channel_role(s.channel_id) IS NOT NULL) THEN RETURN false; END IF;
  RETURN tallylight.owns_stream(stream) OR NOT EXISTS (
    SELECT 1 FROM nchat_stream_bans b
    WHERE b.user_id = tallylight.user_id() AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = stream)
      AND b.kind = 'ban' AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now()));
END $$;

-- True when the caller may lift a ban or time-out: nobody their own, nobody one that was placed by somebody above them.
CREATE OR REPLACE FUNCTION tallylight.may_lift(channel uuid, stream uuid, person uuid, placed_by uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  me uuid := tallylight.user_id();
  ranks text[] := ARRAY['viewer', 'moderator', 'channel-moderator', 'owner', 'admin'];
BEGIN
  IF me IS NULL OR person = me THEN RETURN false; END IF;
  IF tallylight.is_admin() THEN RETURN true; END IF;
  IF NOT (tallylight.runs_channel(channel) OR (stream IS NOT NULL AND tallylight.moderates_stream(stream))) THEN
    RETURN false;
  END IF;
  IF placed_by IS NULL OR placed_by = me THEN RETURN true; END IF;
  IF stream IS NULL THEN
    RETURN NOT EXISTS (SELECT 1 FROM nchat_live_accounts a WHERE a.user_id = placed_by AND a.server_role = 'admin');
  END IF;
  RETURN coalesce((SELECT array_position(ranks, mine.rank) >= array_position(ranks, theirs.rank)
    FROM tallylight.authority(stream, me) mine, tallylight.authority(stream, placed_by) theirs), false);
END $$;

-- True when the stream's chat takes a message of the caller: mode, ban; not how often.
CREATE OR REPLACE FUNCTION tallylight.may_chat(stream uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  me uuid := tallylight.user_id();
  s record;
BEGIN
  SELECT x.channel_id, x.broadcaster_id, x.visibility, x.enable_chat, x.chat_mode INTO s
    FROM nchat_streams x WHERE x.id = stream;
  IF NOT FOUND OR NOT tallylight.may_view(s.channel_id, s.broadcaster_id, s.visibility)
     OR tallylight.is_barred(stream, me) THEN
    RETURN false;
  END IF;
  IF s.enable_chat AND (
    CASE s.chat_mode
      WHEN 'open' THEN true
      WHEN 'followers' THEN
        EXISTS (SELECT 1 FROM nchat_channel_follows f WHERE f.channel_id = s.channel_id AND f.user_id = me)
        OR EXISTS (SELECT 1 FROM nchat_user_follows f WHERE f.followed_id = s.broadcaster_id AND f.user_id = me)
      WHEN 'subscribers' THEN
        EXISTS (SELECT 1 FROM nchat_channel_subscriptions f WHERE f.channel_id = s.channel_id
          AND f.user_id = me AND (f.expires_at IS NULL OR f.expires_at > now()))
      ELSE false END) THEN
    RETURN true;
  END IF;
  RETURN tallylight.moderates_stream(stream);
END $$;

DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY[
    'channel_is_private(uuid)', 'channel_role(uuid)', 'runs_channel(uuid)', 'may_broadcast_in(uuid)', 'is_barred(uuid, uuid)',
    'owns_stream(uuid)', 'moderates_stream(uuid)', 'may_view(uuid, uuid, text)', 'may_view_stream(uuid)', 'may_chat(uuid)',
    'may_attend(uuid)', 'may_lift(uuid, uuid, uuid, uuid)']
  LOOP
    EXECUTE format('ALTER FUNCTION tallylight.%s OWNER TO tallylight_service', fn);
  END LOOP;
END $$;

-- Every product table: row-level security, forced; the service's policy; no grants but those below.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'nchat_live_accounts', 'nchat_streams', 'nchat_stream_keys', 'nchat_stream_viewers', 'nchat_stream_quality_metrics',
    'nchat_stream_chat_counters', 'nchat_stream_chat_messages', 'nchat_stream_reactions', 'nchat_stream_questions',
    'nchat_stream_question_votes', 'nchat_stream_moderators', 'nchat_stream_bans', 'nchat_stream_moderation_log',
    'nchat_channel_follows', 'nchat_user_follows', 'nchat_channel_subscriptions', 'nchat_stream_notification_settings',
    'nchat_stream_reminders', 'nchat_stream_notifications', 'nchat_live_api_tokens', 'nchat_live_idempotency', 'nchat_live_audit_log']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO tallylight_service', name);
    EXECUTE format('CREATE POLICY "Service sees everything" ON %I TO tallylight_service USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

-- Streams: everything but the key's mask and the ingest address, which only the API gives to owners.
GRANT SELECT (id, channel_id, broadcaster_id, title, description, thumbnail_url, scheduled_at, status, hls_manifest_url,
    dash_manifest_url, max_resolution, bitrate_kbps, fps, is_recorded, enable_chat, enable_reactions, enable_qa, chat_mode,
    slow_mode_seconds, waiting_room, visibility, auto_start, reconnect_window_seconds, tags, language, current_viewers,
    peak_viewer_count, total_view_count, total_chat_messages, total_reactions, started_at, ended_at, recording_url,
    recording_duration_seconds, recording_expires_at, metadata, created_at, updated_at, peak_viewers, total_views, duration_seconds)
  ON nchat_streams TO tallylight_request;
GRANT INSERT (id, channel_id, broadcaster_id, title, description, thumbnail_url, scheduled_at, status, max_resolution, bitrate_kbps, fps, is_recorded, enable_chat, enable_reactions, enable_qa, chat_mode, slow_mode_seconds,
    waiting_room, visibility, auto_start, reconnect_window_seconds, tags, language)
  ON nchat_streams TO tallylight_request;
GRANT UPDATE (title, description, thumbnail_url, scheduled_at, status, max_resolution, bitrate_kbps, fps, is_recorded, enable_chat,
    enable_reactions, enable_qa, chat_mode, slow_mode_seconds, waiting_room, visibility, auto_start, reconnect_window_seconds,
    tags, language, updated_at)
  ON nchat_streams TO tallylight_request;
GRANT DELETE ON nchat_streams TO tallylight_request;
CREATE POLICY "Users can view public streams" ON nchat_streams FOR SELECT TO tallylight_request
  USING (tallylight.may_view(channel_id, broadcaster_id, visibility));
CREATE POLICY "Broadcaster can create streams" ON nchat_streams FOR INSERT TO tallylight_request
  WITH CHECK (broadcaster_id = tallylight.user_id() AND tallylight.may_broadcast_in(channel_id));
CREATE POLICY "Broadcaster can update their streams" ON nchat_streams FOR UPDATE TO tallylight_request
  USING (tallylight.runs_channel(channel_id)
    OR (broadcaster_id = tallylight.user_id() AND tallylight.may_broadcast_in(channel_id)))
  WITH CHECK (tallylight.runs_channel(channel_id)
    OR (broadcaster_id = tallylight.user_id() AND tallylight.may_broadcast_in(channel_id)));
CREATE POLICY "Broadcaster can delete their streams" ON nchat_streams FOR DELETE TO tallylight_request
  USING (tallylight.runs_channel(channel_id)
    OR (broadcaster_id = tallylight.user_id() AND tallylight.may_broadcast_in(channel_id)));

-- Viewers: one's own sessions, and to the stream's owners all of them; addresses and user agents to nobody.
GRANT SELECT (id, stream_id, user_id, session_id, country, device, browser, os, joined_at, left_at, last_seen_at,
    total_watch_time_seconds, selected_quality, transport, sent_chat_messages, sent_reactions, updated_at, viewer_session_id,
    watch_duration_seconds)
  ON nchat_stream_viewers TO tallylight_request;
CREATE POLICY "Users can view stream viewer stats" ON nchat_stream_viewers FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.owns_stream(stream_id));

GRANT SELECT ON nchat_stream_quality_metrics TO tallylight_request;
CREATE POLICY "Broadcaster can view quality metrics" ON nchat_stream_quality_metrics FOR SELECT TO tallylight_request
  USING (tallylight.owns_stream(stream_id));

-- Chat. Numbers are given out by the service, in the transaction of the message. Users may lock a counter, to be alone with the chat,
-- and never change one: the right to update is what a lock asks for.
GRANT SELECT, UPDATE (last_seq) ON nchat_stream_chat_counters TO tallylight_request;
CREATE POLICY "Viewers see how far a chat is" ON nchat_stream_chat_counters FOR SELECT TO tallylight_request
  USING (tallylight.may_attend(stream_id));
CREATE POLICY "Users lock counters and change none" ON nchat_stream_chat_counters FOR UPDATE TO tallylight_request
  USING (tallylight.may_view_stream(stream_id)) WITH CHECK (false);
GRANT SELECT, INSERT (id, stream_id, user_id, content, seq, client_id, created_at),
    UPDATE (is_pinned, pinned_at, pinned_by, is_deleted, deleted_at, deleted_by, is_highlighted)
  ON nchat_stream_chat_messages TO tallylight_request;
-- What was deleted is there for its author and for who keeps order; everybody else learns from the API only that it was.
CREATE POLICY "Users can view stream chat" ON nchat_stream_chat_messages FOR SELECT TO tallylight_request
  USING (tallylight.may_attend(stream_id)
    AND (NOT is_deleted OR user_id = tallylight.user_id() OR tallylight.moderates_stream(stream_id)));
CREATE POLICY "Users can send chat messages" ON nchat_stream_chat_messages FOR INSERT TO tallylight_request
  WITH CHECK (user_id = tallylight.user_id() AND tallylight.may_chat(stream_id));
CREATE POLICY "Users can delete their own messages" ON nchat_stream_chat_messages FOR UPDATE TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.moderates_stream(stream_id))
  WITH CHECK (user_id = tallylight.user_id() OR tallylight.moderates_stream(stream_id));
-- Authors may delete; pinning and highlighting are for moderators, and nobody brings a deleted message back.
CREATE OR REPLACE FUNCTION tallylight.guard_message() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.is_deleted AND NOT NEW.is_deleted THEN
    RAISE EXCEPTION 'message % was deleted and stays so', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF current_user <> 'tallylight_request' THEN RETURN NEW; END IF;
  IF (NEW.is_pinned, NEW.pinned_at, NEW.pinned_by, NEW.is_highlighted)
       IS DISTINCT FROM (OLD.is_pinned, OLD.pinned_at, OLD.pinned_by, OLD.is_highlighted)
     AND NOT tallylight.moderates_stream(OLD.stream_id) THEN
    RAISE EXCEPTION 'only moderators pin and highlight' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- Nobody signs with another's name, and who deleted a message stays written.
  IF (NEW.pinned_by IS DISTINCT FROM OLD.pinned_by AND NEW.pinned_by <> tallylight.user_id())
     OR ((NEW.is_deleted, NEW.deleted_at, NEW.deleted_by) IS DISTINCT FROM (OLD.is_deleted, OLD.deleted_at, OLD.deleted_by)
       AND (OLD.is_deleted OR NEW.deleted_by IS DISTINCT FROM tallylight.user_id())) THEN
    RAISE EXCEPTION 'pinned_by and deleted_by are the caller' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_message BEFORE UPDATE ON nchat_stream_chat_messages FOR EACH ROW EXECUTE FUNCTION tallylight.guard_message();

GRANT SELECT, INSERT (id, stream_id, user_id, emoji, reaction_type, position_x, position_y, created_at), DELETE
  ON nchat_stream_reactions TO tallylight_request;
CREATE POLICY "Users can view stream reactions" ON nchat_stream_reactions FOR SELECT TO tallylight_request
  USING (tallylight.may_attend(stream_id));
CREATE POLICY "Users can create reactions" ON nchat_stream_reactions FOR INSERT TO tallylight_request
  WITH CHECK (user_id = tallylight.user_id() AND tallylight.may_view_stream(stream_id)
    AND NOT tallylight.is_barred(stream_id, tallylight.user_id()));
CREATE POLICY "Users can delete their own reactions" ON nchat_stream_reactions FOR DELETE TO tallylight_request
  USING (user_id = tallylight.user_id());

GRANT SELECT, INSERT (id, stream_id, user_id, client_id, content, created_at), UPDATE (status, answer, answered_at, answered_by)
  ON nchat_stream_questions TO tallylight_request;
CREATE POLICY "Users can view questions" ON nchat_stream_questions FOR SELECT TO tallylight_request
  USING (tallylight.may_attend(stream_id)
    AND (status <> 'dismissed' OR user_id = tallylight.user_id() OR tallylight.moderates_stream(stream_id)));
CREATE POLICY "Users can ask" ON nchat_stream_questions FOR INSERT TO tallylight_request
  WITH CHECK (user_id = tallylight.user_id() AND tallylight.may_view_stream(stream_id)
    AND NOT tallylight.is_barred(stream_id, tallylight.user_id()));
CREATE POLICY "Moderators can settle questions" ON nchat_stream_questions FOR UPDATE TO tallylight_request
  USING (tallylight.moderates_stream(stream_id)) WITH CHECK (tallylight.moderates_stream(stream_id));

GRANT SELECT, INSERT (question_id, user_id), DELETE ON nchat_stream_question_votes TO tallylight_request;
CREATE POLICY "Users see their own votes" ON nchat_stream_question_votes FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id());
CREATE POLICY "Users can upvote" ON nchat_stream_question_votes FOR INSERT TO tallylight_request
  WITH CHECK (user_id = tallylight.user_id() AND EXISTS (
    SELECT 1 FROM nchat_stream_questions q
    WHERE q.id = question_id AND q.status = 'open' AND NOT tallylight.is_barred(q.stream_id, tallylight.user_id())));
CREATE POLICY "Users can take their vote back" ON nchat_stream_question_votes FOR DELETE TO tallylight_request
  USING (user_id = tallylight.user_id());

GRANT SELECT ON nchat_stream_moderators TO tallylight_request;
GRANT INSERT (stream_id, user_id, added_by, permissions), UPDATE (permissions), DELETE ON nchat_stream_moderators TO tallylight_request;
CREATE POLICY "Moderators are known" ON nchat_stream_moderators FOR SELECT TO tallylight_request
  USING (tallylight.may_view_stream(stream_id));
CREATE POLICY "Owners appoint moderators" ON nchat_stream_moderators FOR INSERT TO tallylight_request
  WITH CHECK (tallylight.owns_stream(stream_id) AND (added_by IS NULL OR added_by = tallylight.user_id()));
CREATE POLICY "Owners change moderators" ON nchat_stream_moderators FOR UPDATE TO tallylight_request
  USING (tallylight.owns_stream(stream_id)) WITH CHECK (tallylight.owns_stream(stream_id));
CREATE POLICY "Owners dismiss moderators" ON nchat_stream_moderators FOR DELETE TO tallylight_request
  USING (tallylight.owns_stream(stream_id));

GRANT SELECT, INSERT (id, channel_id, stream_id, user_id, kind, moderator_id, reason, is_permanent, expires_at),
    UPDATE (lifted_at, lifted_by)
  ON nchat_stream_bans TO tallylight_request;
CREATE POLICY "Moderators and the barred see bans" ON nchat_stream_bans FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.runs_channel(channel_id)
    OR (stream_id IS NOT NULL AND tallylight.moderates_stream(stream_id)));
CREATE POLICY "Moderators can ban" ON nchat_stream_bans FOR INSERT TO tallylight_request
  WITH CHECK (moderator_id = tallylight.user_id() AND (tallylight.runs_channel(channel_id)
    OR (stream_id IS NOT NULL AND tallylight.moderates_stream(stream_id)
      AND EXISTS (SELECT 1 FROM nchat_streams s WHERE s.id = stream_id AND s.channel_id = nchat_stream_bans.channel_id))));
CREATE POLICY "Moderators can lift bans" ON nchat_stream_bans FOR UPDATE TO tallylight_request
  USING (tallylight.may_lift(channel_id, stream_id, user_id, moderator_id))
  WITH CHECK (lifted_by = tallylight.user_id() AND tallylight.may_lift(channel_id, stream_id, user_id, moderator_id));

GRANT SELECT, INSERT (id, stream_id, moderator_id, target_user_id, action, reason, metadata) ON nchat_stream_moderation_log TO tallylight_request;
CREATE POLICY "Moderators see the log" ON nchat_stream_moderation_log FOR SELECT TO tallylight_request
  USING (tallylight.moderates_stream(stream_id));
CREATE POLICY "Moderators write the log" ON nchat_stream_moderation_log FOR INSERT TO tallylight_request
  WITH CHECK (moderator_id = tallylight.user_id() AND tallylight.moderates_stream(stream_id));

-- What is a person's own; what it points to must be there for them, or names of private things would come back in messages.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['nchat_channel_follows', 'nchat_user_follows', 'nchat_stream_notification_settings',
    'nchat_stream_reminders', 'nchat_stream_notifications']
  LOOP
    EXECUTE format('CREATE POLICY "One''s own" ON %I TO tallylight_request
      USING (user_id = tallylight.user_id()) WITH CHECK (user_id = tallylight.user_id())', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT (channel_id, user_id), DELETE ON nchat_channel_follows TO tallylight_request;
GRANT SELECT, INSERT (followed_id, user_id), DELETE ON nchat_user_follows TO tallylight_request;
GRANT SELECT, INSERT (user_id, channel_id, on_live, on_scheduled, by_mail, reminder_minutes),
    UPDATE (on_live, on_scheduled, by_mail, reminder_minutes, updated_at), DELETE
  ON nchat_stream_notification_settings TO tallylight_request;
GRANT SELECT, INSERT (stream_id, user_id, minutes_before), UPDATE (minutes_before, sent_at), DELETE
  ON nchat_stream_reminders TO tallylight_request;
-- Told by the service; read and put away by whom they are for.
GRANT SELECT, UPDATE (read_at), DELETE ON nchat_stream_notifications TO tallylight_request;
CREATE POLICY "Only channels that one sees" ON nchat_channel_follows AS RESTRICTIVE FOR INSERT TO tallylight_request
  WITH CHECK (NOT coalesce(tallylight.channel_is_private(channel_id), true)
    OR tallylight.channel_role(channel_id) IS NOT NULL OR tallylight.is_admin());
-- Changes too: a row must not be moved to what one does not see.
DO $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY['INSERT', 'UPDATE'] LOOP
    EXECUTE format('CREATE POLICY %I ON nchat_stream_reminders AS RESTRICTIVE FOR %s TO tallylight_request
      WITH CHECK (tallylight.may_view_stream(stream_id))', 'Only streams that one sees: ' || lower(command), command);
    EXECUTE format('CREATE POLICY %I ON nchat_stream_notification_settings AS RESTRICTIVE FOR %s TO tallylight_request
      WITH CHECK (NOT coalesce(tallylight.channel_is_private(channel_id), true)
        OR tallylight.channel_role(channel_id) IS NOT NULL OR tallylight.is_admin())',
      'Only channels that one sees: ' || lower(command), command);
  END LOOP;
END $$;
GRANT SELECT, INSERT (channel_id, user_id, tier, expires_at), UPDATE (tier, expires_at), DELETE
  ON nchat_channel_subscriptions TO tallylight_request;
CREATE POLICY "Own subscriptions" ON nchat_channel_subscriptions FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.runs_channel(channel_id));
CREATE POLICY "Who runs a channel states its subscribers" ON nchat_channel_subscriptions FOR ALL TO tallylight_request
  USING (tallylight.runs_channel(channel_id)) WITH CHECK (tallylight.runs_channel(channel_id));
GRANT SELECT (user_id, server_role, is_guest, created_at) ON nchat_live_accounts TO tallylight_request;
CREATE POLICY "Own account" ON nchat_live_accounts FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.is_admin());

-- ---- 0007-views
-- security_invoker: the views show what their reader may see. Without it they would show everything (PostgreSQL ≥ 15).

CREATE VIEW nchat_live_streams WITH (security_invoker = true) AS
  SELECT id, channel_id, broadcaster_id, title, description, thumbnail_url, status, hls_manifest_url, dash_manifest_url,
    max_resolution, enable_chat, enable_reactions, enable_qa, chat_mode, tags, language, started_at, peak_viewer_count,
    total_view_count, total_chat_messages, total_reactions, current_viewers, created_at
  FROM nchat_streams
  WHERE status = 'live' AND visibility = 'public';

CREATE VIEW nchat_top_streams WITH (security_invoker = true) AS
  SELECT rank() OVER (ORDER BY peak_viewer_count DESC) AS rank, id, channel_id, broadcaster_id, title, description, thumbnail_url,
    status, tags, language, started_at, ended_at, peak_viewer_count, total_view_count, total_chat_messages, total_reactions,
    recording_duration_seconds, created_at
  FROM nchat_streams
  WHERE status IN ('live', 'ended') AND visibility = 'public'
  ORDER BY peak_viewer_count DESC, started_at DESC
  LIMIT 100;

GRANT SELECT ON nchat_live_streams, nchat_top_streams TO tallylight_request, tallylight_service;

-- ---- 0009-host-policies
-- host
-- People, channels and members where they are a host app's tables: nothing of the host's changes for anybody but our two roles.
-- Where the host has row-level security on them, our roles need policies of their own; they allow reading, no more.

GRANT SELECT ON users, nchat_channels, nchat_channel_members TO tallylight_service;
CREATE POLICY "Tallylight reads people" ON users FOR SELECT TO tallylight_service USING (true);
CREATE POLICY "Tallylight reads channels" ON nchat_channels FOR SELECT TO tallylight_service USING (true);
CREATE POLICY "Tallylight reads members" ON nchat_channel_members FOR SELECT TO tallylight_service USING (true);

-- Of people, what is shown beside their words; addresses, numbers and hashes of the host's stay out of reach.
DO $$
DECLARE
  shown text;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ') INTO shown FROM pg_attribute
    WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname IN ('id', 'username', 'display_name', 'avatar_url', 'created_at');
  EXECUTE format('GRANT SELECT (%s) ON users TO tallylight_request', shown);
END $$;
CREATE POLICY "Tallylight shows names" ON users FOR SELECT TO tallylight_request USING (true);

-- Only where the host has row-level security on: where it is off, a grant would show private channels to everybody.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['nchat_channels', 'nchat_channel_members'] LOOP
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = name::regclass) THEN
      EXECUTE format('GRANT SELECT ON %I TO tallylight_request', name);
    END IF;
  END LOOP;
  -- The host's own policies ask functions of these schemas, of every role.
  FOREACH name IN ARRAY ARRAY['auth', 'app'] LOOP
    IF to_regnamespace(name) IS NOT NULL THEN
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO tallylight_request, tallylight_service', name);
    END IF;
  END LOOP;
END $$;
CREATE POLICY "Tallylight shows public channels, and one's own" ON nchat_channels FOR SELECT TO tallylight_request
  USING (NOT tallylight.channel_is_private(id) OR tallylight.is_admin() OR tallylight.channel_role(id) IS NOT NULL);
CREATE POLICY "Tallylight shows members to members" ON nchat_channel_members FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.is_admin() OR tallylight.channel_role(channel_id) IS NOT NULL);

-- ---- 0010-metrics-partitions
-- Old partitions of the quality metrics go as a whole: deleting rows would leave their room taken.

-- Removes the partitions whose last day lies before `before`, and returns their names. Runs as the owner of the tables, for the service.
CREATE OR REPLACE FUNCTION tallylight.drop_metrics_partitions(before timestamptz) RETURNS SETOF text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.nchat_stream_quality_metrics'::regclass
      AND c.relname ~ '^nchat_stream_quality_metrics_\d{4}_\d{2}$'
      AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= before
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', name);
    RETURN NEXT name;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION tallylight.drop_metrics_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tallylight.drop_metrics_partitions(timestamptz) TO tallylight_service;

-- ---- 0012-host-channels
-- host
-- How the program reads channels and members: by one name wherever they come from. Here they are a host app's tables. It may have
-- row-level security on them or not, and other columns than ours: so these views read as the service, show what our own rules show, and
-- take each column out of JSON, where one that is not there is merely null. The host may change its columns without asking these views.

CREATE FUNCTION tallylight.host_keeps_channels() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';

CREATE VIEW tallylight.channels WITH (security_barrier = true) AS
  SELECT c.id, c.slug, c.name, c.description, c.avatar_url, c.is_private, c.created_by, c.created_at, c.updated_at
  FROM (
    SELECT h.id,
      j ->> 'slug' AS slug,
      coalesce(j ->> 'name', '') AS name,
      j ->> 'description' AS description,
      j ->> 'avatar_url' AS avatar_url,
      coalesce((j ->> 'is_private')::boolean, j ->> 'type' IN ('private', 'direct', 'dm', 'group'), false) AS is_private,
      (j ->> 'created_by')::uuid AS created_by,
      coalesce(j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS created_at,
      coalesce(j ->> 'updated_at', j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS updated_at
    FROM nchat_channels h CROSS JOIN LATERAL to_jsonb(h) AS j
  ) AS c
  WHERE current_user = 'tallylight_service' OR NOT c.is_private OR tallylight.is_admin()
    OR tallylight.channel_role(c.id) IS NOT NULL;

CREATE VIEW tallylight.channel_members WITH (security_barrier = true) AS
  SELECT m.channel_id, m.user_id, coalesce(j ->> 'role', 'viewer') AS role,
    coalesce(j ->> 'joined_at', j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS joined_at
  FROM nchat_channel_members m CROSS JOIN LATERAL to_jsonb(m) AS j
  WHERE current_user = 'tallylight_service' OR m.user_id = tallylight.user_id() OR tallylight.is_admin()
    OR tallylight.channel_role(m.channel_id) IS NOT NULL;

ALTER VIEW tallylight.channels OWNER TO tallylight_service;
ALTER VIEW tallylight.channel_members OWNER TO tallylight_service;
GRANT EXECUTE ON FUNCTION tallylight.host_keeps_channels() TO tallylight_request, tallylight_service;
GRANT SELECT ON tallylight.channels, tallylight.channel_members TO tallylight_request;

-- ---- 0020-accounts
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

-- ---- 0021-created-ids
-- The id of what a request with an Idempotency-Key makes: whoever runs the request again makes the same, or finds it made.
ALTER TABLE nchat_live_idempotency ADD COLUMN created_id uuid;

-- ---- 0030-stream-life
-- What the life of a stream needs beyond nchat's columns: when media was last known to flow, pictures, keys that are changed in one step.

-- Written every few seconds while a publisher is connected: what is left of the reconnect window after a crash is counted from here.
ALTER TABLE nchat_streams ADD COLUMN publisher_seen_at timestamptz;

-- The mask of the key, for whom it is his own; NULL for everybody else.
CREATE OR REPLACE FUNCTION tallylight.own_key_mask(stream uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.stream_key::text FROM nchat_streams s WHERE s.id = stream AND tallylight.owns_stream(stream)
$$;

-- Version of the newest key; 0 before the first one, NULL for whom the stream is not his own.
CREATE OR REPLACE FUNCTION tallylight.own_key_version(stream uuid) RETURNS integer
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (SELECT coalesce(max(k.version), 0) FROM nchat_stream_keys k WHERE k.stream_id = stream)
  WHERE tallylight.owns_stream(stream)
$$;

-- Gives a stream its next key and takes the older ones away, at once or after `overlap`. Returns the ids of those that died at once.
CREATE OR REPLACE FUNCTION tallylight.replace_stream_key(
    stream uuid, key_id uuid, key_version integer, key_lookup text, key_sealed jsonb, key_last4 text, overlap interval)
  RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  channel uuid;
BEGIN
  IF NOT tallylight.owns_stream(stream) THEN
    RAISE EXCEPTION 'stream % is not the caller''s', stream USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The row lock puts two changes at the same time in order; the unique version refuses the later one.
  SELECT s.channel_id INTO channel FROM nchat_streams s WHERE s.id = stream FOR UPDATE;
  INSERT INTO nchat_stream_keys (id, channel_id, stream_id, version, lookup, sealed, last4, created_by)
    VALUES (key_id, channel, stream, key_version, key_lookup, key_sealed, key_last4, tallylight.user_id());
  UPDATE nchat_streams SET stream_key = 'live_…' || key_last4 WHERE id = stream;
  IF overlap > interval '0' THEN
    UPDATE nchat_stream_keys k SET expires_at = least(k.expires_at, now() + overlap)
      WHERE k.stream_id = stream AND k.id <> key_id AND k.revoked_at IS NULL;
    RETURN;
  END IF;
  RETURN QUERY UPDATE nchat_stream_keys k SET revoked_at = now()
    WHERE k.stream_id = stream AND k.id <> key_id AND k.revoked_at IS NULL RETURNING k.id;
END $$;
CREATE UNIQUE INDEX nchat_stream_keys_version ON nchat_stream_keys (stream_id, version);

-- Pictures that owners uploaded, as re-encoded: who may see the stream may see its picture.
CREATE TABLE nchat_stream_thumbnails (
  stream_id uuid PRIMARY KEY REFERENCES nchat_streams (id) ON DELETE CASCADE,
  mime varchar(40) NOT NULL,
  bytes bytea NOT NULL,
  -- First half of the SHA-256 of the bytes, in hex.
  etag varchar(32) NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE nchat_stream_thumbnails ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_stream_thumbnails FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_stream_thumbnails TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_stream_thumbnails TO tallylight_service USING (true) WITH CHECK (true);
GRANT SELECT, INSERT (stream_id, mime, bytes, etag), UPDATE (mime, bytes, etag, updated_at), DELETE
  ON nchat_stream_thumbnails TO tallylight_request;
CREATE POLICY "Users can view thumbnails" ON nchat_stream_thumbnails FOR SELECT TO tallylight_request
  USING (tallylight.may_view_stream(stream_id));
CREATE POLICY "Owners can add thumbnails" ON nchat_stream_thumbnails FOR INSERT TO tallylight_request
  WITH CHECK (tallylight.owns_stream(stream_id));
CREATE POLICY "Owners can change thumbnails" ON nchat_stream_thumbnails FOR UPDATE TO tallylight_request
  USING (tallylight.owns_stream(stream_id)) WITH CHECK (tallylight.owns_stream(stream_id));
CREATE POLICY "Owners can remove thumbnails" ON nchat_stream_thumbnails FOR DELETE TO tallylight_request
  USING (tallylight.owns_stream(stream_id));

DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY['own_key_mask(uuid)', 'own_key_version(uuid)',
    'replace_stream_key(uuid, uuid, integer, text, jsonb, text, interval)']
  LOOP
    EXECUTE format('ALTER FUNCTION tallylight.%s OWNER TO tallylight_service', fn);
  END LOOP;
END $$;

-- ---- 0031-tell-changes
-- Servers hear of changed rights whoever changes them: a host app, another server, somebody's SQL.

-- Of a person: `<user id>`. Written for the old and the new one where a row moves from one to the other.
CREATE OR REPLACE FUNCTION tallylight.tell_person_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('tallylight_access', OLD.user_id::text);
  END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.user_id IS DISTINCT FROM OLD.user_id) THEN
    PERFORM pg_notify('tallylight_access', NEW.user_id::text);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallylight_tell_member AFTER INSERT OR DELETE OR UPDATE OF role, user_id, channel_id ON nchat_channel_members
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();
CREATE OR REPLACE TRIGGER tallylight_tell_moderator AFTER INSERT OR DELETE OR UPDATE ON nchat_stream_moderators
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();
CREATE OR REPLACE TRIGGER tallylight_tell_ban AFTER INSERT OR DELETE OR UPDATE ON nchat_stream_bans
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();

-- Of a channel: `channel <id>`, when it becomes private or public. As JSON, because a host's table may say it otherwise than ours does.
CREATE OR REPLACE FUNCTION tallylight.tell_channel_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before jsonb := to_jsonb(OLD);
  after jsonb := to_jsonb(NEW);
BEGIN
  IF (before -> 'is_private', before -> 'type') IS DISTINCT FROM (after -> 'is_private', after -> 'type') THEN
    PERFORM pg_notify('tallylight_access', 'channel ' || NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallylight_tell_channel AFTER UPDATE ON nchat_channels
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_channel_changed();

-- ---- 0032-stream-versions
-- updated_at is what servers compare to tell older facts of a stream from newer ones: it only grows, by a millisecond at least, whoever
-- writes it and whenever their transaction began, and it does so with whatever decides about publishing and watching.
CREATE OR REPLACE FUNCTION tallylight.raise_stream_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.status, NEW.visibility, NEW.channel_id, NEW.broadcaster_id, NEW.reconnect_window_seconds, NEW.updated_at)
      IS DISTINCT FROM (OLD.status, OLD.visibility, OLD.channel_id, OLD.broadcaster_id, OLD.reconnect_window_seconds, OLD.updated_at) THEN
    NEW.updated_at := greatest(NEW.updated_at, OLD.updated_at + interval '1 millisecond');
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER raise_stream_version BEFORE UPDATE ON nchat_streams
  FOR EACH ROW EXECUTE FUNCTION tallylight.raise_stream_version();

-- Takes every key of a stream away and makes none. Returns the ids of those that could still publish.
CREATE OR REPLACE FUNCTION tallylight.revoke_stream_keys(stream uuid) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT tallylight.owns_stream(stream) THEN
    RAISE EXCEPTION 'stream % is not the caller''s', stream USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- In order with changes of the key: the one that was made before this dies, the one that is made after it lives.
  PERFORM 1 FROM nchat_streams s WHERE s.id = stream FOR UPDATE;
  UPDATE nchat_streams SET stream_key = NULL WHERE id = stream;
  RETURN QUERY UPDATE nchat_stream_keys k SET revoked_at = now()
    WHERE k.stream_id = stream AND k.revoked_at IS NULL RETURNING k.id;
END $$;
ALTER FUNCTION tallylight.revoke_stream_keys(uuid) OWNER TO tallylight_service;

-- ---- 0040-send-chat
-- Chat: many messages of many authors in one transaction, each under its author's claims.

-- True while a stream's chat takes messages: live, or waiting for its start within the given minutes before the schedule.
CREATE FUNCTION tallylight.chat_is_open(stream uuid, waiting_room_minutes integer) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM nchat_streams s
    WHERE s.id = stream AND (s.status = 'live'
      OR (s.waiting_room AND s.status IN ('scheduled', 'preparing')
        AND s.scheduled_at - make_interval(mins => waiting_room_minutes) <= now())));
END $$;
ALTER FUNCTION tallylight.chat_is_open(uuid, integer) OWNER TO tallylight_service;

-- Stores messages, in their order within each stream, and says what became of each: sent, duplicate (the first one's id, seq and time),
-- closed, refused (by a policy), failed. One that is not stored takes no number and harms no other.
-- messages: [{n, id, stream, author, claims, client, content}]. Runs as its caller, who must be the service: it takes on the request role
-- and each author's claims in turn, so that row-level security decides, and locks counters in the order of the streams' ids.
CREATE FUNCTION tallylight.send_chat(messages jsonb, waiting_room_minutes integer)
  RETURNS TABLE (n integer, outcome text, message_id uuid, message_seq bigint, sent_at timestamptz)
  LANGUAGE plpgsql AS $$
DECLARE
  m record;
  room uuid;
  is_open boolean := false;
  last bigint;
  before bigint;
BEGIN
  -- Streams before counters, as a DELETE of a stream does.
  PERFORM 1 FROM public.nchat_streams s
    WHERE s.id IN (SELECT (e ->> 'stream')::uuid FROM jsonb_array_elements(messages) e) ORDER BY s.id FOR KEY SHARE;
  INSERT INTO public.nchat_stream_chat_counters (stream_id)
    SELECT s.id FROM public.nchat_streams s
    WHERE s.id IN (SELECT (e ->> 'stream')::uuid FROM jsonb_array_elements(messages) e)
      AND NOT EXISTS (SELECT 1 FROM public.nchat_stream_chat_counters c WHERE c.stream_id = s.id)
    ORDER BY s.id
    ON CONFLICT DO NOTHING;

  FOR m IN
    SELECT * FROM jsonb_to_recordset(messages)
      AS x (n integer, id uuid, stream uuid, author uuid, claims text, client text, content text)
    ORDER BY x.stream, x.n
  LOOP
    IF room IS DISTINCT FROM m.stream THEN
      PERFORM set_config('role', 'tallylight_service', true);
      IF last > before THEN
        UPDATE public.nchat_stream_chat_counters c SET last_seq = last WHERE c.stream_id = room;
      END IF;
      room := m.stream;
      SELECT c.last_seq INTO last FROM public.nchat_stream_chat_counters c WHERE c.stream_id = room FOR UPDATE;
      before := last;
      -- A statement of its own: it sees what was committed while the lock was awaited.
      is_open := tallylight.chat_is_open(room, waiting_room_minutes);
      PERFORM set_config('role', 'tallylight_request', true);
    END IF;
    n := m.n;
    outcome := 'refused';
    message_id := m.id;
    message_seq := NULL;
    sent_at := NULL;
    PERFORM set_config('hasura.user', m.claims, true);
    IF last IS NOT NULL THEN
      SELECT x.id, x.seq, x.created_at INTO message_id, message_seq, sent_at
        FROM public.nchat_stream_chat_messages x
        WHERE x.stream_id = room AND x.user_id = m.author AND x.client_id = m.client;
      IF FOUND THEN
        IF NOT tallylight.is_barred(room, m.author) THEN
          outcome := 'duplicate';
        END IF;
      ELSIF NOT is_open THEN
        outcome := 'closed';
      ELSE
        message_id := m.id;
        message_seq := last + 1;
        sent_at := clock_timestamp();
        BEGIN
          INSERT INTO public.nchat_stream_chat_messages (id, stream_id, user_id, content, seq, client_id, created_at)
            VALUES (m.id, room, m.author, m.content, message_seq, m.client, sent_at);
          last := message_seq;
          outcome := 'sent';
        EXCEPTION
          WHEN insufficient_privilege THEN outcome := 'refused';
          WHEN integrity_constraint_violation OR data_exception THEN outcome := 'failed';
        END;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('role', 'tallylight_service', true), set_config('hasura.user', '', true);
  IF last > before THEN
    UPDATE public.nchat_stream_chat_counters c SET last_seq = last WHERE c.stream_id = room;
  END IF;
END $$;
REVOKE ALL ON FUNCTION tallylight.send_chat(jsonb, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tallylight.send_chat(jsonb, integer) TO tallylight_service;

-- A ban waits for the messages that are being stored and lets none follow: both take the counter's lock. So nobody is acknowledged
-- after their ban was, whoever wrote the ban.
CREATE FUNCTION tallylight.hold_chat() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM nchat_streams s
    WHERE s.channel_id = NEW.channel_id AND (NEW.stream_id IS NULL OR s.id = NEW.stream_id)
      AND s.status IN ('scheduled', 'preparing', 'live')
    ORDER BY s.id FOR KEY SHARE;
  INSERT INTO nchat_stream_chat_counters (stream_id)
    SELECT s.id FROM nchat_streams s
    WHERE s.channel_id = NEW.channel_id AND (NEW.stream_id IS NULL OR s.id = NEW.stream_id)
      AND s.status IN ('scheduled', 'preparing', 'live')
    ORDER BY s.id
    ON CONFLICT DO NOTHING;
  PERFORM 1 FROM nchat_stream_chat_counters c JOIN nchat_streams s ON s.id = c.stream_id
    WHERE s.channel_id = NEW.channel_id AND (NEW.stream_id IS NULL OR s.id = NEW.stream_id)
      AND s.status IN ('scheduled', 'preparing', 'live')
    ORDER BY c.stream_id FOR UPDATE OF c;
  RETURN NEW;
END $$;
ALTER FUNCTION tallylight.hold_chat() OWNER TO tallylight_service;
CREATE TRIGGER hold_chat BEFORE INSERT ON nchat_stream_bans FOR EACH ROW EXECUTE FUNCTION tallylight.hold_chat();

-- Which of these people moderate a stream, and which subscribe to its channel, as everybody sees it beside their names.
CREATE FUNCTION tallylight.chat_badges(stream uuid, people uuid[])
  RETURNS TABLE (user_id uuid, is_moderator boolean, is_subscriber boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.id,
    EXISTS (SELECT 1 FROM nchat_channel_members m
        WHERE m.channel_id = s.channel_id AND m.user_id = p.id AND (m.role::text IN ('owner', 'admin', 'moderator')
          OR (s.broadcaster_id = p.id AND m.role::text IN ('broadcaster', 'member'))))
      OR EXISTS (SELECT 1 FROM nchat_stream_moderators m WHERE m.stream_id = s.id AND m.user_id = p.id),
    EXISTS (SELECT 1 FROM nchat_channel_subscriptions b
      WHERE b.channel_id = s.channel_id AND b.user_id = p.id AND (b.expires_at IS NULL OR b.expires_at > now()))
  FROM nchat_streams s, unnest(people) AS p (id)
  WHERE s.id = stream AND tallylight.may_view(s.channel_id, s.broadcaster_id, s.visibility)
$$;
ALTER FUNCTION tallylight.chat_badges(uuid, uuid[]) OWNER TO tallylight_service;
CREATE INDEX nchat_stream_bans_stream ON nchat_stream_bans (channel_id, stream_id) WHERE lifted_at IS NULL;

-- Where a person stands in a stream that the caller may see: whom moderators may act on depends on it. Administrators by their account.
CREATE FUNCTION tallylight.authority(stream uuid, person uuid) 
  RETURNS TABLE (rank text, permissions jsonb, is_barred boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE
      WHEN a.server_role = 'admin' OR (person = tallylight.user_id() AND tallylight.is_admin()) THEN 'admin'
      WHEN m.role::text IN ('owner', 'admin') OR (s.broadcaster_id = person AND m.role::text IN ('broadcaster', 'member')) THEN 'owner'
      WHEN m.role::text = 'moderator' THEN 'channel-moderator'
      WHEN d.user_id IS NOT NULL THEN 'moderator'
      ELSE 'viewer' END,
    d.permissions,
    tallylight.is_barred(s.id, person)
  FROM nchat_streams s
  LEFT JOIN nchat_live_accounts a ON a.user_id = person
  LEFT JOIN nchat_channel_members m ON m.channel_id = s.channel_id AND m.user_id = person
  LEFT JOIN nchat_stream_moderators d ON d.stream_id = s.id AND d.user_id = person
  WHERE s.id = stream AND tallylight.may_view(s.channel_id, s.broadcaster_id, s.visibility)
$$;
ALTER FUNCTION tallylight.authority(uuid, uuid) OWNER TO tallylight_service;

-- ---- 0060-telemetry
-- What viewer sessions and quality metrics have beyond nchat's columns.

-- Times that playback stood still for want of media, as the player counts them.
ALTER TABLE nchat_stream_viewers ADD COLUMN stalls integer NOT NULL DEFAULT 0;
GRANT SELECT (stalls) ON nchat_stream_viewers TO tallylight_request;
-- Addresses that are still to be forgotten.
CREATE INDEX nchat_stream_viewers_addresses ON nchat_stream_viewers (stream_id)
  WHERE ip_address IS NOT NULL OR user_agent IS NOT NULL;

-- Round trip between publisher and server; latency_ms is the viewers' delay.
ALTER TABLE nchat_stream_quality_metrics ADD COLUMN rtt_ms integer;

-- Telemetry makes sure of the partition it writes to: a job that did not run must not cost a month of samples. It runs as the owner of the
-- tables, so only the service may call it, and what it makes has no grants of its own.
ALTER FUNCTION tallylight.ensure_metrics_partition(timestamptz) SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION tallylight.ensure_metrics_partition(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tallylight.ensure_metrics_partition(timestamptz) TO tallylight_service;

-- ---- 0070-audience-rules
-- Votes are counted where they are cast; questions can be taken back; numbers of followers are public, their names are not;
-- who may be told of a stream without asking for it. Functions are PL/pgSQL, which keeps their plans from call to call.

CREATE OR REPLACE FUNCTION tallylight.count_question_votes() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE nchat_stream_questions SET upvotes = upvotes + 1 WHERE id = NEW.question_id;
  ELSE
    UPDATE nchat_stream_questions SET upvotes = greatest(upvotes - 1, 0) WHERE id = OLD.question_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tallylight.channel_follower_count(channel uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_channel_follows WHERE channel_id = channel);
END $$;

CREATE OR REPLACE FUNCTION tallylight.channel_member_count(channel uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_channel_members WHERE channel_id = channel);
END $$;

CREATE OR REPLACE FUNCTION tallylight.user_follower_count(person uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_user_follows WHERE followed_id = person);
END $$;

-- A subscription that holds now.
CREATE OR REPLACE FUNCTION tallylight.is_subscriber(channel uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- Of somebody else only who runs the channel learns it.
  RETURN (SELECT (person = tallylight.user_id() OR tallylight.runs_channel(channel)) AND EXISTS (
    SELECT 1 FROM nchat_channel_subscriptions s
    WHERE s.channel_id = channel AND s.user_id = person AND (s.expires_at IS NULL OR s.expires_at > now())));
END $$;

-- What is public may be told to everybody; what is private to members; unlisted streams are told to nobody but members either.
CREATE OR REPLACE FUNCTION tallylight.may_be_told(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT EXISTS (
    SELECT 1 FROM nchat_streams s
    WHERE s.id = stream
      AND ((s.visibility = 'public' AND NOT coalesce(tallylight.channel_is_private(s.channel_id), true))
        OR EXISTS (SELECT 1 FROM nchat_channel_members m WHERE m.channel_id = s.channel_id AND m.user_id = person))));
END $$;

-- Who asked to be reminded is, as long as they may see the stream: by its link too.
CREATE OR REPLACE FUNCTION tallylight.may_be_reminded(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT tallylight.may_be_told(stream, person) OR EXISTS (
    SELECT 1 FROM nchat_streams s
    WHERE s.id = stream AND s.visibility = 'unlisted' AND NOT coalesce(tallylight.channel_is_private(s.channel_id), true)));
END $$;

DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY['count_question_votes()', 'channel_follower_count(uuid)', 'channel_member_count(uuid)',
    'user_follower_count(uuid)', 'is_subscriber(uuid, uuid)', 'may_be_told(uuid, uuid)',
    'may_be_reminded(uuid, uuid)']
  LOOP
    EXECUTE format('ALTER FUNCTION tallylight.%s OWNER TO tallylight_service', fn);
  END LOOP;
  -- Whether somebody else may see something is for the server's own questions.
  REVOKE ALL ON FUNCTION tallylight.may_be_told(uuid, uuid), tallylight.may_be_reminded(uuid, uuid) FROM PUBLIC;
END $$;

CREATE TRIGGER count_question_votes AFTER INSERT OR DELETE ON nchat_stream_question_votes
  FOR EACH ROW EXECUTE FUNCTION tallylight.count_question_votes();

GRANT DELETE ON nchat_stream_questions TO tallylight_request;
CREATE POLICY "Users can take their question back" ON nchat_stream_questions FOR DELETE TO tallylight_request
  USING (user_id = tallylight.user_id() AND status = 'open');

-- Reminders that are still to be sent.
CREATE INDEX nchat_stream_reminders_unsent ON nchat_stream_reminders (stream_id) WHERE sent_at IS NULL;
CREATE INDEX nchat_stream_notifications_user ON nchat_stream_notifications (user_id, created_at DESC);

-- ---- 0079-function-rights
-- Functions answer those who have to ask, by name: PostgreSQL lets everybody call a function unless that is taken back.
-- A later migration that makes a function takes PUBLIC's right back, too, and grants its own.

DO $$
DECLARE
  fn regprocedure;
BEGIN
  FOR fn IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tallylight'::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fn);
  END LOOP;
END $$;

-- Who the caller is: every policy asks.
GRANT EXECUTE ON FUNCTION tallylight.claim(text), tallylight.user_id(), tallylight.is_admin()
  TO tallylight_request, tallylight_service;
-- What policies, and statements on behalf of a user, ask of the caller.
GRANT EXECUTE ON FUNCTION tallylight.channel_is_private(uuid), tallylight.channel_role(uuid), tallylight.runs_channel(uuid),
    tallylight.may_broadcast_in(uuid), tallylight.is_barred(uuid, uuid), tallylight.owns_stream(uuid),
    tallylight.moderates_stream(uuid), tallylight.may_view(uuid, uuid, text), tallylight.may_view_stream(uuid),
    tallylight.may_attend(uuid), tallylight.may_chat(uuid), tallylight.may_lift(uuid, uuid, uuid, uuid),
    tallylight.own_key_mask(uuid), tallylight.own_key_version(uuid),
    tallylight.replace_stream_key(uuid, uuid, integer, text, jsonb, text, interval),
    tallylight.revoke_stream_keys(uuid),
    tallylight.chat_badges(uuid, uuid[]), tallylight.authority(uuid, uuid), tallylight.channel_follower_count(uuid),
    tallylight.channel_member_count(uuid), tallylight.user_follower_count(uuid), tallylight.is_subscriber(uuid, uuid)
  TO tallylight_request, tallylight_service;
-- The server's own questions.
GRANT EXECUTE ON FUNCTION tallylight.chat_is_open(uuid, integer), tallylight.send_chat(jsonb, integer),
    tallylight.may_be_told(uuid, uuid), tallylight.may_be_reminded(uuid, uuid)
  TO tallylight_service;

-- ---- 0080-tell-keys
-- Servers hear of stream keys that hold no more, or not as long, whoever changes them: `key <id>`, on the channel of 0031.
-- Neither the sealed key nor the name it is found by is in it: anybody who may connect may listen.
CREATE FUNCTION tallylight.tell_key_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('tallylight_access', 'key ' || OLD.id);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tallylight.tell_key_changed() FROM PUBLIC;
-- Not of every column: when a key was last used is written each time that it is.
CREATE TRIGGER tallylight_tell_key AFTER DELETE OR UPDATE OF id, stream_id, revoked_at, expires_at ON nchat_stream_keys
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_key_changed();

-- ---- 0081-foreign-keys
-- Who deletes a person, a channel or a stream finds what points to it by an index: without one, every such row is looked for in the whole
-- table, under the lock of what is being deleted. Partial where most rows point to nobody.

CREATE INDEX nchat_live_audit_log_actor ON nchat_live_audit_log (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_channel ON nchat_stream_bans (channel_id);
CREATE INDEX nchat_stream_bans_of_stream ON nchat_stream_bans (stream_id) WHERE stream_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_person ON nchat_stream_bans (user_id);
CREATE INDEX nchat_stream_bans_moderator ON nchat_stream_bans (moderator_id) WHERE moderator_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_lifted ON nchat_stream_bans (lifted_by) WHERE lifted_by IS NOT NULL;
CREATE INDEX nchat_stream_chat_messages_pinner ON nchat_stream_chat_messages (pinned_by) WHERE pinned_by IS NOT NULL;
CREATE INDEX nchat_stream_chat_messages_deleter ON nchat_stream_chat_messages (deleted_by) WHERE deleted_by IS NOT NULL;
CREATE INDEX nchat_stream_keys_channel ON nchat_stream_keys (channel_id);
CREATE INDEX nchat_stream_keys_creator ON nchat_stream_keys (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX nchat_stream_moderation_log_moderator ON nchat_stream_moderation_log (moderator_id) WHERE moderator_id IS NOT NULL;
CREATE INDEX nchat_stream_moderation_log_target ON nchat_stream_moderation_log (target_user_id) WHERE target_user_id IS NOT NULL;
CREATE INDEX nchat_stream_moderators_user ON nchat_stream_moderators (user_id);
CREATE INDEX nchat_stream_moderators_adder ON nchat_stream_moderators (added_by) WHERE added_by IS NOT NULL;
CREATE INDEX nchat_stream_notification_settings_channel ON nchat_stream_notification_settings (channel_id);
CREATE INDEX nchat_stream_notifications_stream ON nchat_stream_notifications (stream_id);
CREATE INDEX nchat_stream_question_votes_user ON nchat_stream_question_votes (user_id);
CREATE INDEX nchat_stream_questions_user ON nchat_stream_questions (user_id);
CREATE INDEX nchat_stream_questions_answerer ON nchat_stream_questions (answered_by) WHERE answered_by IS NOT NULL;
CREATE INDEX nchat_stream_reminders_user ON nchat_stream_reminders (user_id);

-- ---- 0085-calendar-renewals
-- Members' own calendar addresses can be renewed: how often each was. The number goes into what is signed, so that earlier addresses open nothing.

CREATE TABLE nchat_live_calendar_renewals (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  renewals integer NOT NULL,
  renewed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, channel_id)
);
ALTER TABLE nchat_live_calendar_renewals ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_live_calendar_renewals FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_live_calendar_renewals TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_live_calendar_renewals TO tallylight_service USING (true) WITH CHECK (true);
CREATE INDEX nchat_live_calendar_renewals_channel ON nchat_live_calendar_renewals (channel_id);

-- ---- 0086-idle-guests
-- Guests who are not seen for long are removed. What they wrote stays, in nobody's name.

-- Removed; `users` has a row without a name for them, because something of theirs is still there.
ALTER TABLE nchat_live_accounts ADD COLUMN removed_at timestamptz;
-- When a session of theirs that has ended was last used; NULL before the first one ends.
ALTER TABLE accounts."user" ADD COLUMN seen_at timestamptz;

-- A session that ends leaves behind when it was used: expired ones are swept long before their guest is.
CREATE OR REPLACE FUNCTION tallylight.note_guest_seen() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE accounts."user" SET seen_at = greatest(seen_at, OLD.updated_at) WHERE id = OLD.user_id AND is_anonymous;
  RETURN NULL;
END $$;
ALTER FUNCTION tallylight.note_guest_seen() OWNER TO tallylight_service;
REVOKE ALL ON FUNCTION tallylight.note_guest_seen() FROM PUBLIC;
CREATE TRIGGER note_guest_seen AFTER DELETE ON accounts.session
  FOR EACH ROW EXECUTE FUNCTION tallylight.note_guest_seen();

-- As before, but who was removed and left something behind loses the name, not the row.
CREATE OR REPLACE FUNCTION tallylight.mirror_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT 1 FROM nchat_live_accounts WHERE user_id = OLD.id AND removed_at IS NOT NULL) THEN
      UPDATE users SET username = NULL, display_name = NULL, avatar_url = NULL, updated_at = now() WHERE id = OLD.id;
    ELSE
      DELETE FROM users WHERE id = OLD.id;
    END IF;
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

-- ---- 0087-tellings
-- That a stream which goes live or is scheduled must be told to its followers is written down in the transaction that makes it so, whoever makes it: a
-- server that dies in between has forgotten nobody.

CREATE TABLE nchat_live_tellings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  kind varchar(40) NOT NULL CHECK (kind IN ('live', 'scheduled')),
  -- The start that is told of: one telling for each.
  about timestamptz NOT NULL,
  -- Followers are told in the order of their ids, up to and with this one so far.
  told_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  -- Times that it failed: one that always does must not keep the others waiting.
  failures integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  UNIQUE (stream_id, kind, about)
);
CREATE INDEX nchat_live_tellings_left ON nchat_live_tellings (failures, id) WHERE done_at IS NULL;
ALTER TABLE nchat_live_tellings ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_live_tellings FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_live_tellings TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_live_tellings TO tallylight_service USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION tallylight.note_telling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.status = 'live' AND (TG_OP = 'INSERT' OR OLD.status IS DISTINCT FROM NEW.status) THEN
    INSERT INTO nchat_live_tellings (stream_id, kind, about)
      VALUES (NEW.id, 'live', coalesce(NEW.started_at, NEW.created_at)) ON CONFLICT DO NOTHING;
  ELSIF NEW.status IN ('scheduled', 'preparing') AND NEW.scheduled_at IS NOT NULL
      AND (TG_OP = 'INSERT' OR OLD.scheduled_at IS DISTINCT FROM NEW.scheduled_at) THEN
    -- Back to a date of before: reminders of it are due again.
    INSERT INTO nchat_live_tellings (stream_id, kind, about) VALUES (NEW.id, 'scheduled', NEW.scheduled_at)
      ON CONFLICT (stream_id, kind, about) DO UPDATE SET done_at = NULL, told_to = DEFAULT;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION tallylight.note_telling() OWNER TO tallylight_service;
REVOKE ALL ON FUNCTION tallylight.note_telling() FROM PUBLIC;
CREATE TRIGGER tallylight_note_telling AFTER INSERT OR UPDATE OF status, scheduled_at ON nchat_streams
  FOR EACH ROW EXECUTE FUNCTION tallylight.note_telling();

-- Still to be mailed: written with the notification, taken back before the mail is handed over, so that nobody gets it twice.
ALTER TABLE nchat_stream_notifications ADD COLUMN mail_due boolean NOT NULL DEFAULT false;
CREATE INDEX nchat_stream_notifications_mails ON nchat_stream_notifications (created_at) WHERE mail_due;

INSERT INTO tallylight.migrations (name, checksum) VALUES
  ('0001-roles-and-claims', '281e48a3efe18ba9ab56d1386292643659263e6bf0be6ecf55dbe046e07e2c9c'),
  ('0002-host-tables', '44b0792b7829bac314951379455a4960ec0685c213bc12adb651914abea94d67'),
  ('0003-streams', '365a7919fad05a1bb781a72df0c10c23b855b7862e1e5cb5b866372c39732289'),
  ('0004-talk', '4d1b50e5965e15cf4787155063ca56bc7048ecaf874085e0a0731f1f986f719c'),
  ('0005-audience', '41d2a7f7302bb19616ccb2fac05ae750f9b4aa0ad38859eeeb783d1750eec61c'),
  ('0006-policies', '71d89e2f26a26ca044ae3096963c36f4e77c8c4edc89381a93ad0713be11ac96'),
  ('0007-views', '2435b810383f4e44d5910f6b154c4b574c8058a3dc994beed91500dda822915f'),
  ('0008-standalone-policies', 'left out'),
  ('0009-host-policies', 'ce09e6619c09d53260ec167e0ba436f6ea177a6b49ee35fc0d4f77e242f5262b'),
  ('0010-metrics-partitions', '796ae2e932ed9f69136075a3760b4dbac365263303e244e5df7b23bc35bf40b6'),
  ('0011-own-channels', 'left out'),
  ('0012-host-channels', '70fcf92c2eece30e24d9aae4c6c9ae216267e7e9536a30364e30f88e79acc1fd'),
  ('0020-accounts', '1404c448e84d2330923a88b73e7bda7477708969b18d6797f7c7c4e8a62ec152'),
  ('0021-created-ids', '5cf45360c5697e3bef52018c15689a384c6d21bc2c29327973dec4a584075fd4'),
  ('0030-stream-life', '77f3c09c7788d35d069673b98dcd88200c0cfac330c07536c7d2557bbb9e6b3a'),
  ('0031-tell-changes', 'a01d19b27cf269eb98ef24fb50cac2f11564461a30e2b1f9fa593f81627e0513'),
  ('0032-stream-versions', '3a3fcb96fb798a6b687b133bd1581d6d57e47ca02a3b8c33bc92ef803cb1a526'),
  ('0040-send-chat', '8910fe931905f2ea20b3eee047f750d0c0d8dadd093171307a3bb539b2c6076b'),
  ('0060-telemetry', '64f45ca903bd16451a51bb02b65e962de60623217164e281f1cf550ae3c02140'),
  ('0070-audience-rules', 'f10d8f3df8fbaa982d3ce79ba6f5fcedca1a726c8ad5ad04e1420fc87ee57230'),
  ('0079-function-rights', '947becc26e6a04e06ec36719e4c0b9c87cd1b27b30a9bfae84cec1c383f78388'),
  ('0080-tell-keys', '7eeae2ae1bb0db1210578a0b8137b66e96cf03c4f5d8b2bacfea63aeed2aaea9'),
  ('0081-foreign-keys', '52609f72246eb18fc5466d942c1d95c0f7cab17f5e2f64404194a6218e29c5e3'),
  ('0082-own-channels-founder', 'left out'),
  ('0085-calendar-renewals', '3f1d8e9695dc70f5e0864a083371c768f0ae45ef524af576ffdc94b2b27e6df1'),
  ('0086-idle-guests', '34e84678ba7bb6d49a78f76ed3787ffb6a21c3589f8328733cd1e23c7b1b27c5'),
  ('0087-tellings', '3f188ed6aa6606462d9cace8295058b8b82badb436709f0ff671ed3fd26f741b');
COMMIT;
