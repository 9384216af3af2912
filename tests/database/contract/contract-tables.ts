/** Tables and views of §6 with their columns: the documented names, and those of nchat's migration 0007 beside them. */
export const CONTRACT_TABLES: Readonly<Record<string, string>> = {
  nchat_streams:
    'id channel_id broadcaster_id livekit_room_name livekit_egress_id title description thumbnail_url scheduled_at status stream_key ' +
    'ingest_url hls_manifest_url dash_manifest_url max_resolution bitrate_kbps fps is_recorded enable_chat enable_reactions enable_qa ' +
    'chat_mode slow_mode_seconds tags language total_reactions total_chat_messages started_at ended_at recording_url ' +
    'recording_expires_at metadata created_at updated_at peak_viewer_count total_view_count recording_duration_seconds ' +
    'current_viewers peak_viewers total_views duration_seconds',
  nchat_stream_viewers:
    'id stream_id user_id ip_address user_agent joined_at left_at sent_chat_messages sent_reactions metadata session_id ' +
    'total_watch_time_seconds selected_quality updated_at viewer_session_id watch_duration_seconds',
  nchat_stream_reactions:
    'id stream_id user_id reaction_type metadata created_at emoji position_x position_y',
  nchat_stream_chat_messages:
    'id stream_id user_id content is_pinned is_deleted deleted_at deleted_by metadata created_at',
  nchat_stream_quality_metrics:
    'id stream_id recorded_at current_viewer_count concurrent_connections bitrate_kbps fps resolution dropped_frames ' +
    'upload_bitrate_kbps latency_ms packet_loss_percent health_score',
  nchat_live_streams: 'id channel_id broadcaster_id title status started_at current_viewers',
  nchat_top_streams: 'rank id channel_id broadcaster_id title status peak_viewer_count',
};

/** Policies of §6.2 by table, under nchat's names. */
export const CONTRACT_POLICIES: Readonly<Record<string, readonly string[]>> = {
  nchat_streams: [
    'Users can view public streams',
    'Broadcaster can create streams',
    'Broadcaster can update their streams',
  ],
  nchat_stream_viewers: ['Users can view stream viewer stats'],
  nchat_stream_reactions: [
    'Users can view stream reactions',
    'Users can create reactions',
    'Users can delete their own reactions',
  ],
  nchat_stream_chat_messages: [
    'Users can view stream chat',
    'Users can send chat messages',
    'Users can delete their own messages',
  ],
};

/** Policies of §6.2 that are a weakness in themselves: viewers' rows are written by the service alone. */
export const DROPPED_POLICIES = [
  'System can insert viewer records',
  'Users can update their own viewer record',
] as const;

/** Columns that are unique, by table. */
export const CONTRACT_UNIQUE: readonly (readonly [table: string, columns: string])[] = [
  ['nchat_streams', 'livekit_room_name'],
  ['nchat_stream_viewers', 'stream_id, session_id'],
];
