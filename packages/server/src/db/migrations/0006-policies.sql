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
