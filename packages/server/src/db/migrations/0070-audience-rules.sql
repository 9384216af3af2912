-- Votes are counted where they are cast; questions can be taken back; numbers of followers are public, their names are not;
-- who may be told of a stream without asking for it. Functions are PL/pgSQL, which keeps their plans from call to call.

CREATE OR REPLACE FUNCTION tallylight.count_question_votes() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE nchat_stream_questions SET upvotes = upvotes + 1 WHERE id = NEW.question_id;
  ELSE
    UPDATE nchat_stream_questions SET upvotes = greatest(upvotes - 1, 0) WHERE id = OLD.question_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tallylight.channel_follower_count(channel uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_channel_follows WHERE channel_id = channel);
END $$;

CREATE OR REPLACE FUNCTION tallylight.channel_member_count(channel uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_channel_members WHERE channel_id = channel);
END $$;

CREATE OR REPLACE FUNCTION tallylight.user_follower_count(person uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM nchat_user_follows WHERE followed_id = person);
END $$;

-- A subscription that holds now.
CREATE OR REPLACE FUNCTION tallylight.is_subscriber(channel uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- Of somebody else only who runs the channel learns it.
  RETURN (SELECT (person = tallylight.user_id() OR tallylight.runs_channel(channel)) AND EXISTS (
    SELECT 1 FROM nchat_channel_subscriptions s
    WHERE s.channel_id = channel AND s.user_id = person AND (s.expires_at IS NULL OR s.expires_at > now())));
END $$;

-- What is public may be told to everybody; what is private to members; unlisted streams are told to nobody but members either.
CREATE OR REPLACE FUNCTION tallylight.may_be_told(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT EXISTS (
    SELECT 1 FROM nchat_streams s
    WHERE s.id = stream
      AND ((s.visibility = 'public' AND NOT coalesce(tallylight.channel_is_private(s.channel_id), true))
        OR EXISTS (SELECT 1 FROM nchat_channel_members m WHERE m.channel_id = s.channel_id AND m.user_id = person))));
END $$;

-- Who asked to be reminded is, as long as they may see the stream: by its link too.
CREATE OR REPLACE FUNCTION tallylight.may_be_reminded(stream uuid, person uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT tallylight.may_be_told(stream, person) OR EXISTS (
    SELECT 1 FROM nchat_streams s
    WHERE s.id = stream AND s.visibility = 'unlisted' AND NOT coalesce(tallylight.channel_is_private(s.channel_id), true)));
END $$;

DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY['count_question_votes()', 'channel_follower_count(uuid)', 'channel_member_count(uuid)',
    'user_follower_count(uuid)', 'is_subscriber(uuid, uuid)', 'may_be_told(uuid, uuid)',
    'may_be_reminded(uuid, uuid)']
  LOOP
    EXECUTE format('ALTER FUNCTION tallylight.%s OWNER TO tallylight_service', fn);
  END LOOP;
  -- Whether somebody else may see something is for the server's own questions.
  REVOKE ALL ON FUNCTION tallylight.may_be_told(uuid, uuid), tallylight.may_be_reminded(uuid, uuid) FROM PUBLIC;
END $$;

CREATE TRIGGER count_question_votes AFTER INSERT OR DELETE ON nchat_stream_question_votes
  FOR EACH ROW EXECUTE FUNCTION tallylight.count_question_votes();

GRANT DELETE ON nchat_stream_questions TO tallylight_request;
CREATE POLICY "Users can take their question back" ON nchat_stream_questions FOR DELETE TO tallylight_request
  USING (user_id = tallylight.user_id() AND status = 'open');

-- Reminders that are still to be sent.
CREATE INDEX nchat_stream_reminders_unsent ON nchat_stream_reminders (stream_id) WHERE sent_at IS NULL;
CREATE INDEX nchat_stream_notifications_user ON nchat_stream_notifications (user_id, created_at DESC);
