-- standalone
-- People, channels and members where they are this product's own tables: a host app keeps its own rules.

GRANT SELECT, INSERT, UPDATE, DELETE ON users, nchat_channels, nchat_channel_members TO tallylight_service;
CREATE UNIQUE INDEX users_username ON users (lower(username)) WHERE username IS NOT NULL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'nchat_channels', 'nchat_channel_members']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY "Service sees everything" ON %I TO tallylight_service USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

GRANT SELECT (id, username, display_name, avatar_url, created_at), UPDATE (username, display_name, avatar_url, updated_at)
  ON users TO tallylight_request;
CREATE POLICY "Names are public" ON users FOR SELECT TO tallylight_request USING (true);
CREATE POLICY "One changes one's own name" ON users FOR UPDATE TO tallylight_request
  USING (id = tallylight.user_id()) WITH CHECK (id = tallylight.user_id());

GRANT SELECT ON nchat_channels TO tallylight_request;
GRANT INSERT (id, slug, name, description, avatar_url, is_private, created_by),
    UPDATE (slug, name, description, avatar_url, is_private, updated_at), DELETE
  ON nchat_channels TO tallylight_request;
CREATE POLICY "Public channels, and one's own" ON nchat_channels FOR SELECT TO tallylight_request
  USING (NOT is_private OR tallylight.is_admin() OR tallylight.channel_role(id) IS NOT NULL);
CREATE POLICY "Users can found channels" ON nchat_channels FOR INSERT TO tallylight_request
  WITH CHECK (created_by = tallylight.user_id());
CREATE POLICY "Who runs a channel changes it" ON nchat_channels FOR UPDATE TO tallylight_request
  USING (tallylight.runs_channel(id)) WITH CHECK (tallylight.runs_channel(id));
CREATE POLICY "Owners close channels" ON nchat_channels FOR DELETE TO tallylight_request
  USING (tallylight.is_admin() OR tallylight.channel_role(id) = 'owner');

-- Members are changed by the service alone, after the API has checked who may give which role.
GRANT SELECT ON nchat_channel_members TO tallylight_request;
CREATE POLICY "Members see members" ON nchat_channel_members FOR SELECT TO tallylight_request
  USING (user_id = tallylight.user_id() OR tallylight.is_admin() OR tallylight.channel_role(channel_id) IS NOT NULL);
