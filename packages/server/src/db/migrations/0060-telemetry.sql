-- What viewer sessions and quality metrics have beyond nchat's columns.

-- Times that playback stood still for want of media, as the player counts them.
ALTER TABLE nchat_stream_viewers ADD COLUMN stalls integer NOT NULL DEFAULT 0;
GRANT SELECT (stalls) ON nchat_stream_viewers TO tallylight_request;
-- Addresses that are still to be forgotten.
CREATE INDEX nchat_stream_viewers_addresses ON nchat_stream_viewers (stream_id)
  WHERE ip_address IS NOT NULL OR user_agent IS NOT NULL;

-- Round trip between publisher and server; latency_ms is the viewers' delay.
ALTER TABLE nchat_stream_quality_metrics ADD COLUMN rtt_ms integer;

-- Telemetry makes sure of the partition it writes to: a job that did not run must not cost a month of samples. It runs as the owner of the
-- tables, so only the service may call it, and what it makes has no grants of its own.
ALTER FUNCTION tallylight.ensure_metrics_partition(timestamptz) SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION tallylight.ensure_metrics_partition(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tallylight.ensure_metrics_partition(timestamptz) TO tallylight_service;
