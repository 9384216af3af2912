-- standalone
-- As 0081, of our own table of channels: a host app's has the indexes that the host wants.
CREATE INDEX nchat_channels_founder ON nchat_channels (created_by) WHERE created_by IS NOT NULL;
