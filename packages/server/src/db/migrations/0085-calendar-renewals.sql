-- Members' own calendar addresses can be renewed: how often each was. The number goes into what is signed, so that earlier addresses open nothing.

CREATE TABLE nchat_live_calendar_renewals (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  channel_id uuid NOT NULL REFERENCES nchat_channels (id) ON DELETE CASCADE,
  renewals integer NOT NULL,
  renewed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, channel_id)
);
ALTER TABLE nchat_live_calendar_renewals ENABLE ROW LEVEL SECURITY;
ALTER TABLE nchat_live_calendar_renewals FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON nchat_live_calendar_renewals TO tallylight_service;
CREATE POLICY "Service sees everything" ON nchat_live_calendar_renewals TO tallylight_service USING (true) WITH CHECK (true);
CREATE INDEX nchat_live_calendar_renewals_channel ON nchat_live_calendar_renewals (channel_id);
