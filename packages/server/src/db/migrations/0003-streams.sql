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
