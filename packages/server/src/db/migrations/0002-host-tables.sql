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
