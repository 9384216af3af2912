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
