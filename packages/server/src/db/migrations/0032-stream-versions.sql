-- updated_at is what servers compare to tell older facts of a stream from newer ones: it only grows, by a millisecond at least, whoever
-- writes it and whenever their transaction began, and it does so with whatever decides about publishing and watching.
CREATE OR REPLACE FUNCTION tallylight.raise_stream_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.status, NEW.visibility, NEW.channel_id, NEW.broadcaster_id, NEW.reconnect_window_seconds, NEW.updated_at)
      IS DISTINCT FROM (OLD.status, OLD.visibility, OLD.channel_id, OLD.broadcaster_id, OLD.reconnect_window_seconds, OLD.updated_at) THEN
    NEW.updated_at := greatest(NEW.updated_at, OLD.updated_at + interval '1 millisecond');
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER raise_stream_version BEFORE UPDATE ON nchat_streams
  FOR EACH ROW EXECUTE FUNCTION tallylight.raise_stream_version();

-- Takes every key of a stream away and makes none. Returns the ids of those that could still publish.
CREATE OR REPLACE FUNCTION tallylight.revoke_stream_keys(stream uuid) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT tallylight.owns_stream(stream) THEN
    RAISE EXCEPTION 'stream % is not the caller''s', stream USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- In order with changes of the key: the one that was made before this dies, the one that is made after it lives.
  PERFORM 1 FROM nchat_streams s WHERE s.id = stream FOR UPDATE;
  UPDATE nchat_streams SET stream_key = NULL WHERE id = stream;
  RETURN QUERY UPDATE nchat_stream_keys k SET revoked_at = now()
    WHERE k.stream_id = stream AND k.revoked_at IS NULL RETURNING k.id;
END $$;
ALTER FUNCTION tallylight.revoke_stream_keys(uuid) OWNER TO tallylight_service;
