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
