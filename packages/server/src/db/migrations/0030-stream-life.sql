-- What the life of a stream needs beyond nchat's columns: when media was last known to flow, pictures, keys that are changed in one step.

-- Written every few seconds while a publisher is connected: what is left of the reconnect window after a crash is counted from here.
ALTER TABLE nchat_streams ADD COLUMN publisher_seen_at timestamptz;

-- The mask of the key, for whom it is his own; NULL for everybody else.
CREATE OR REPLACE FUNCTION tallylight.own_key_mask(stream uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.stream_key::text FROM nchat_streams s WHERE s.id = stream AND tallylight.owns_stream(stream)
$$;

-- Version of the newest key; 0 before the first one, NULL for whom the stream is not his own.
CREATE OR REPLACE FUNCTION tallylight.own_key_version(stream uuid) RETURNS integer
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (SELECT coalesce(max(k.version), 0) FROM nchat_stream_keys k WHERE k.stream_id = stream)
  WHERE tallylight.owns_stream(stream)
$$;

-- Gives a stream its next key and takes the older ones away, at once or after `overlap`. Returns the ids of those that died at once.
CREATE OR REPLACE FUNCTION tallylight.replace_stream_key(
    stream uuid, key_id uuid, key_version integer, key_lookup text, key_sealed jsonb, key_last4 text, overlap interval)
  RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  channel uuid;
BEGIN
  IF NOT tallylight.owns_stream(stream) THEN
    RAISE EXCEPTION 'stream % is not the caller''s', stream USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The row lock puts two changes at the same time in order; the unique version refuses the later one.
  SELECT s.channel_id INTO channel FROM nchat_streams s WHERE s.id = stream FOR UPDATE;
  INSERT INTO nchat_stream_keys (id, channel_id, stream_id, version, lookup, sealed, last4, created_by)
    VALUES (key_id, channel, stream, key_version, key_lookup, key_sealed, key_last4, tallylight.user_id());
  UPDATE nchat_streams SET stream_key = 'live_…' || key_last4 WHERE id = stream;
  IF overlap > interval '0' THEN
    UPDATE nchat_stream_keys k SET expires_at = least(k.expires_at, now() + overlap)
      WHERE k.stream_id = stream AND k.id <> key_id AND k.revoked_at IS NULL;
    RETURN;
  END IF;
  RETURN QUERY UPDATE nchat_stream_keys k SET revoked_at = now()
    WHERE k.stream_id = stream AND k.id <> key_id AND k.revoked_at IS NULL RETURNING k.id;
END $$;
CREATE UNIQUE INDEX nchat_stream_keys_version ON nchat_stream_keys (stream_id, version);

-- Pictures that owners uploaded, as re-encoded: who may see the stream may see its picture.
CREATE TABLE nchat_stream_thumbnails (
  stream_id uuid PRIMARY KEY REFERENCES nchat_streams (id) ON DELETE CASCADE,
  mime varchar(40) NOT NULL,
  bytes bytea NOT NULL,
  -- First half of the SHA-256 of the bytes, in hex.
  etag varchar(32) NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE nchat_stream_thumbnails ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_stream_thumbnails FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_stream_thumbnails TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_stream_thumbnails TO tallylight_service USING (true) WITH CHECK (true);
GRANT SELECT, INSERT (stream_id, mime, bytes, etag), UPDATE (mime, bytes, etag, updated_at), DELETE
  ON nchat_stream_thumbnails TO tallylight_request;
CREATE POLICY "Users can view thumbnails" ON nchat_stream_thumbnails FOR SELECT TO tallylight_request
  USING (tallylight.may_view_stream(stream_id));
CREATE POLICY "Owners can add thumbnails" ON nchat_stream_thumbnails FOR INSERT TO tallylight_request
  WITH CHECK (tallylight.owns_stream(stream_id));
CREATE POLICY "Owners can change thumbnails" ON nchat_stream_thumbnails FOR UPDATE TO tallylight_request
  USING (tallylight.owns_stream(stream_id)) WITH CHECK (tallylight.owns_stream(stream_id));
CREATE POLICY "Owners can remove thumbnails" ON nchat_stream_thumbnails FOR DELETE TO tallylight_request
  USING (tallylight.owns_stream(stream_id));

DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY['own_key_mask(uuid)', 'own_key_version(uuid)',
    'replace_stream_key(uuid, uuid, integer, text, jsonb, text, interval)']
  LOOP
    EXECUTE format('ALTER FUNCTION tallylight.%s OWNER TO tallylight_service', fn);
  END LOOP;
END $$;
