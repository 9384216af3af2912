-- Functions answer those who have to ask, by name: PostgreSQL lets everybody call a function unless that is taken back.
-- A later migration that makes a function takes PUBLIC's right back, too, and grants its own.

DO $$
DECLARE
  fn regprocedure;
BEGIN
  FOR fn IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tallylight'::regnamespace LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fn);
  END LOOP;
END $$;

-- Who the caller is: every policy asks.
GRANT EXECUTE ON FUNCTION tallylight.claim(text), tallylight.user_id(), tallylight.is_admin()
  TO tallylight_request, tallylight_service;
-- What policies, and statements on behalf of a user, ask of the caller.
GRANT EXECUTE ON FUNCTION tallylight.channel_is_private(uuid), tallylight.channel_role(uuid), tallylight.runs_channel(uuid),
    tallylight.may_broadcast_in(uuid), tallylight.is_barred(uuid, uuid), tallylight.owns_stream(uuid),
    tallylight.moderates_stream(uuid), tallylight.may_view(uuid, uuid, text), tallylight.may_view_stream(uuid),
    tallylight.may_attend(uuid), tallylight.may_chat(uuid), tallylight.may_lift(uuid, uuid, uuid, uuid),
    tallylight.own_key_mask(uuid), tallylight.own_key_version(uuid),
    tallylight.replace_stream_key(uuid, uuid, integer, text, jsonb, text, interval),
    tallylight.revoke_stream_keys(uuid),
    tallylight.chat_badges(uuid, uuid[]), tallylight.authority(uuid, uuid), tallylight.channel_follower_count(uuid),
    tallylight.channel_member_count(uuid), tallylight.user_follower_count(uuid), tallylight.is_subscriber(uuid, uuid)
  TO tallylight_request, tallylight_service;
-- The server's own questions.
GRANT EXECUTE ON FUNCTION tallylight.chat_is_open(uuid, integer), tallylight.send_chat(jsonb, integer),
    tallylight.may_be_told(uuid, uuid), tallylight.may_be_reminded(uuid, uuid)
  TO tallylight_service;
