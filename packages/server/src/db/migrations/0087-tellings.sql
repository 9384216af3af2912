-- That a stream which goes live or is scheduled must be told to its followers is written down in the transaction that makes it so, whoever makes it: a
-- server that dies in between has forgotten nobody.

CREATE TABLE nchat_live_tellings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id uuid NOT NULL REFERENCES nchat_streams (id) ON DELETE CASCADE,
  kind varchar(40) NOT NULL CHECK (kind IN ('live', 'scheduled')),
  -- The start that is told of: one telling for each.
  about timestamptz NOT NULL,
  -- Followers are told in the order of their ids, up to and with this one so far.
  told_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  -- Times that it failed: one that always does must not keep the others waiting.
  failures integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  UNIQUE (stream_id, kind, about)
);
CREATE INDEX nchat_live_tellings_left ON nchat_live_tellings (failures, id) WHERE done_at IS NULL;
ALTER TABLE nchat_live_tellings ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_live_tellings FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_live_tellings TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_live_tellings TO tallylight_service USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION tallylight.note_telling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.status = 'live' AND (TG_OP = 'INSERT' OR OLD.status IS DISTINCT FROM NEW.status) THEN
    INSERT INTO nchat_live_tellings (stream_id, kind, about)
      VALUES (NEW.id, 'live', coalesce(NEW.started_at, NEW.created_at)) ON CONFLICT DO NOTHING;
  ELSIF NEW.status IN ('scheduled', 'preparing') AND NEW.scheduled_at IS NOT NULL
      AND (TG_OP = 'INSERT' OR OLD.scheduled_at IS DISTINCT FROM NEW.scheduled_at) THEN
    -- Back to a date of before: reminders of it are due again.
    INSERT INTO nchat_live_tellings (stream_id, kind, about) VALUES (NEW.id, 'scheduled', NEW.scheduled_at)
      ON CONFLICT (stream_id, kind, about) DO UPDATE SET done_at = NULL, told_to = DEFAULT;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION tallylight.note_telling() OWNER TO tallylight_service;
REVOKE ALL ON FUNCTION tallylight.note_telling() FROM PUBLIC;
CREATE TRIGGER tallylight_note_telling AFTER INSERT OR UPDATE OF status, scheduled_at ON nchat_streams
  FOR EACH ROW EXECUTE FUNCTION tallylight.note_telling();

-- Still to be mailed: written with the notification, taken back before the mail is handed over, so that nobody gets it twice.
ALTER TABLE nchat_stream_notifications ADD COLUMN mail_due boolean NOT NULL DEFAULT false;
CREATE INDEX nchat_stream_notifications_mails ON nchat_stream_notifications (created_at) WHERE mail_due;
