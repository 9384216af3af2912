-- Servers hear of stream keys that hold no more, or not as long, whoever changes them: `key <id>`, on the channel of 0031.
-- Neither the sealed key nor the name it is found by is in it: anybody who may connect may listen.
CREATE FUNCTION tallylight.tell_key_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('tallylight_access', 'key ' || OLD.id);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tallylight.tell_key_changed() FROM PUBLIC;
-- Not of every column: when a key was last used is written each time that it is.
CREATE TRIGGER tallylight_tell_key AFTER DELETE OR UPDATE OF id, stream_id, revoked_at, expires_at ON nchat_stream_keys
  FOR EACH ROW EXECUTE FUNCTION tallylight.tell_key_changed();
