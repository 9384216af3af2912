-- Servers hear of changed rights whoever changes them: a host app, another server, somebody's SQL.

-- Of a person: `<user id>`. Written for the old and the new one where a row moves from one to the other.
CREATE OR REPLACE FUNCTION tallylight.tell_person_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('tallylight_access', OLD.user_id::text);
  END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.user_id IS DISTINCT FROM OLD.user_id) THEN
    PERFORM pg_notify('tallylight_access', NEW.user_id::text);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallylight_tell_member AFTER INSERT OR DELETE OR UPDATE OF role, user_id, channel_id ON nchat_channel_members
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();
CREATE OR REPLACE TRIGGER tallylight_tell_moderator AFTER INSERT OR DELETE OR UPDATE ON nchat_stream_moderators
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();
CREATE OR REPLACE TRIGGER tallylight_tell_ban AFTER INSERT OR DELETE OR UPDATE ON nchat_stream_bans
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_person_changed();

-- Of a channel: `channel <id>`, when it becomes private or public. As JSON, because a host's table may say it otherwise than ours does.
CREATE OR REPLACE FUNCTION tallylight.tell_channel_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before jsonb := to_jsonb(OLD);
  after jsonb := to_jsonb(NEW);
BEGIN
  IF (before -> 'is_private', before -> 'type') IS DISTINCT FROM (after -> 'is_private', after -> 'type') THEN
    PERFORM pg_notify('tallylight_access', 'channel ' || NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tallylight_tell_channel AFTER UPDATE ON nchat_channels
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_channel_changed();
