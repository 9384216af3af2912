/**
 * A database as nchat's migrations leave it, as far as live streaming touches it: people, channels of several types, members with roles
 * of an enum, row-level security that asks functions of a schema `auth`, and a role that Hasura logs in as.
 */
export const NCHAT_SQL = `
CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT nullif(nullif(current_setting('hasura.user', true), '')::jsonb ->> 'x-hasura-user-id', '')::uuid $$;
CREATE TYPE channel_type AS ENUM ('public', 'private', 'direct', 'group');
CREATE TYPE member_role AS ENUM ('owner', 'admin', 'moderator', 'member', 'guest');
CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email varchar(255) NOT NULL UNIQUE,
  display_name varchar(100) NOT NULL,
  username varchar(50) UNIQUE,
  avatar_url text,
  phone varchar(20),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE nchat_channels (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name varchar(100) NOT NULL,
  slug varchar(100) NOT NULL,
  description text,
  type channel_type NOT NULL DEFAULT 'public',
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE nchat_channel_members (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  channel_id uuid NOT NULL REFERENCES nchat_channels (id),
  user_id uuid NOT NULL REFERENCES users (id),
  role member_role NOT NULL DEFAULT 'member',
  joined_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (channel_id, user_id)
);
CREATE FUNCTION auth.has_channel_access(channel uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT EXISTS (SELECT 1 FROM public.nchat_channel_members m WHERE m.channel_id = channel AND m.user_id = auth.uid())
      OR EXISTS (SELECT 1 FROM public.nchat_channels c WHERE c.id = channel AND c.type = 'public')
$$;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_channel_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_self ON users USING (id = auth.uid());
CREATE POLICY channels_access ON nchat_channels FOR SELECT USING (auth.has_channel_access(id));
CREATE POLICY members_access ON nchat_channel_members FOR SELECT USING (auth.has_channel_access(channel_id));
INSERT INTO users (id, email, display_name, username) VALUES
  ('00000000-0000-4000-8000-000000000001', 'ann@example.org', 'Ann', 'ann'),
  ('00000000-0000-4000-8000-000000000002', 'bob@example.org', 'Bob', 'bob');
INSERT INTO nchat_channels (id, name, slug, type) VALUES
  ('00000000-0000-4000-8000-00000000000a', 'General', 'general', 'public'),
  ('00000000-0000-4000-8000-00000000000b', 'Board', 'board', 'private');
INSERT INTO nchat_channel_members (channel_id, user_id, role) VALUES
  ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000001', 'owner'),
  ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-000000000002', 'member'),
  ('00000000-0000-4000-8000-00000000000b', '00000000-0000-4000-8000-000000000001', 'owner');
`;

/** To be run after `NCHAT_SQL`: a host app that relies on its own server alone. */
export const NCHAT_WITHOUT_RLS = `
ALTER TABLE users DISABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_channels DISABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_channel_members DISABLE ROW LEVEL SECURITY;
`;
