-- security_invoker: the views show what their reader may see. Without it they would show everything (PostgreSQL ≥ 15).

CREATE VIEW nchat_live_streams WITH (security_invoker = true) AS
  SELECT id, channel_id, broadcaster_id, title, description, thumbnail_url, status, hls_manifest_url, dash_manifest_url,
    max_resolution, enable_chat, enable_reactions, enable_qa, chat_mode, tags, language, started_at, peak_viewer_count,
    total_view_count, total_chat_messages, total_reactions, current_viewers, created_at
  FROM nchat_streams
  WHERE status = 'live' AND visibility = 'public';

CREATE VIEW nchat_top_streams WITH (security_invoker = true) AS
  SELECT rank() OVER (ORDER BY peak_viewer_count DESC) AS rank, id, channel_id, broadcaster_id, title, description, thumbnail_url,
    status, tags, language, started_at, ended_at, peak_viewer_count, total_view_count, total_chat_messages, total_reactions,
    recording_duration_seconds, created_at
  FROM nchat_streams
  WHERE status IN ('live', 'ended') AND visibility = 'public'
  ORDER BY peak_viewer_count DESC, started_at DESC
  LIMIT 100;

GRANT SELECT ON nchat_live_streams, nchat_top_streams TO tallylight_request, tallylight_service;
