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
