-- The questions that policies ask, once more and with the same answers, in PL/pgSQL: it keeps the plans of its statements for as long as
-- a connection lives, where a function in SQL that cannot be inlined is planned anew on every call. A chat message asks eight of them.

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

CREATE OR REPLACE FUNCTION tallylight.is_barred(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM nchat_stream_bans b JOIN nchat_streams s ON s.id = stream
    WHERE b.user_id = person AND b.channel_id = s.channel_id AND (b.stream_id IS NULL OR b.stream_id = stream)
      AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now()));
END $$;

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
