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
