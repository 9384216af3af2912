import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type {
  AuthAccountTable,
  AuthSessionTable,
  AuthSetupTable,
  AuthUserTable,
  AuthVerificationTable,
} from './account-tables.ts';

/** Columns of time: read as `Date`, written as `Date` or ISO text; with a default; or nothing. JSON is written as text. */
type Time = ColumnType<Date, Date | string, Date | string>;
type DefaultTime = ColumnType<Date, Date | string | undefined, Date | string>;
type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type Json = ColumnType<unknown, string | undefined, string>;

/** Rows of `nchat_channel_follows`. */
export interface ChannelFollowsTable {
  channel_id: string;
  user_id: string;
  created_at: DefaultTime;
}

/** Rows of `nchat_channel_members`. */
export interface ChannelMembersTable {
  channel_id: string;
  user_id: string;
  role: Generated<string>;
  joined_at: DefaultTime;
}

/** Rows of `nchat_channel_subscriptions`. */
export interface ChannelSubscriptionsTable {
  channel_id: string;
  user_id: string;
  tier: Generated<string>;
  started_at: DefaultTime;
  expires_at: OptionalTime;
}

/** Rows of `nchat_channels`. */
export interface ChannelsTable {
  id: string;
  slug: string | null;
  name: string;
  description: string | null;
  avatar_url: string | null;
  is_private: Generated<boolean>;
  created_by: string | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

/** Rows of `nchat_live_accounts`. */
export interface LiveAccountsTable {
  user_id: string;
  server_role: Generated<string>;
  is_guest: Generated<boolean>;
  disabled_at: OptionalTime;
  removed_at: OptionalTime;
  created_at: DefaultTime;
}

/** Rows of `nchat_live_api_tokens`. */
export interface LiveApiTokensTable {
  id: string;
  user_id: string;
  name: string;
  token_hash: string;
  last4: string;
  scopes: Generated<string[]>;
  created_at: DefaultTime;
  expires_at: OptionalTime;
  last_used_at: OptionalTime;
  revoked_at: OptionalTime;
}

/** Rows of `nchat_live_audit_log`. */
export interface LiveAuditLogTable {
  id: string;
  actor_id: string | null;
  action: string;
  target: string | null;
  address: string | null;
  details: Json;
  created_at: DefaultTime;
}

/** Rows of `nchat_live_calendar_renewals`. */
export interface LiveCalendarRenewalsTable {
  user_id: string;
  channel_id: string;
  renewals: number;
  renewed_at: DefaultTime;
}

/** Rows of `nchat_live_idempotency`. */
export interface LiveIdempotencyTable {
  user_id: string;
  operation: string;
  key: string;
  request_hash: string;
  status: number | null;
  created_id: string | null;
  body: ColumnType<unknown, string | null, string | null>;
  created_at: DefaultTime;
}

/** Rows of `nchat_live_streams`. */
export interface LiveStreamsTable {
  id: string | null;
  channel_id: string | null;
  broadcaster_id: string | null;
  title: string | null;
  description: string | null;
  thumbnail_url: string | null;
  status: string | null;
  hls_manifest_url: string | null;
  dash_manifest_url: string | null;
  max_resolution: string | null;
  enable_chat: boolean | null;
  enable_reactions: boolean | null;
  enable_qa: boolean | null;
  chat_mode: string | null;
  tags: string[] | null;
  language: string | null;
  started_at: OptionalTime;
  peak_viewer_count: number | null;
  total_view_count: number | null;
  total_chat_messages: number | null;
  total_reactions: number | null;
  current_viewers: number | null;
  created_at: OptionalTime;
}

/** Rows of `nchat_live_tellings`: starts that followers are told of. */
export interface LiveTellingsTable {
  /** bigint, made by the database. */
  id: GeneratedAlways<string>;
  stream_id: string;
  kind: 'live' | 'scheduled';
  about: Time;
  told_to: Generated<string>;
  failures: Generated<number>;
  created_at: DefaultTime;
  done_at: OptionalTime;
}

/** Rows of `nchat_stream_bans`. */
export interface StreamBansTable {
  id: string;
  channel_id: string;
  stream_id: string | null;
  user_id: string;
  kind: string;
  moderator_id: string | null;
  reason: string | null;
  is_permanent: Generated<boolean>;
  expires_at: OptionalTime;
  lifted_at: OptionalTime;
  lifted_by: string | null;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_chat_counters`. */
export interface StreamChatCountersTable {
  stream_id: string;
  epoch: Generated<string>;
  last_seq: Generated<number>;
}

/** Rows of `nchat_stream_chat_messages`. */
export interface StreamChatMessagesTable {
  id: Generated<string>;
  stream_id: string;
  user_id: string;
  content: string;
  seq: number;
  client_id: string;
  is_pinned: Generated<boolean>;
  pinned_at: OptionalTime;
  pinned_by: string | null;
  is_deleted: Generated<boolean>;
  deleted_at: OptionalTime;
  deleted_by: string | null;
  is_highlighted: Generated<boolean>;
  metadata: Json;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_keys`. */
export interface StreamKeysTable {
  id: string;
  channel_id: string;
  stream_id: string;
  version: Generated<number>;
  lookup: string;
  sealed: ColumnType<unknown, string, string>;
  last4: string;
  created_by: string | null;
  created_at: DefaultTime;
  expires_at: OptionalTime;
  revoked_at: OptionalTime;
  last_used_at: OptionalTime;
}

/** Rows of `nchat_stream_moderation_log`. */
export interface StreamModerationLogTable {
  id: string;
  stream_id: string;
  moderator_id: string | null;
  target_user_id: string | null;
  action: string;
  reason: string | null;
  metadata: Json;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_moderators`. */
export interface StreamModeratorsTable {
  stream_id: string;
  user_id: string;
  added_by: string | null;
  permissions: Json;
  added_at: DefaultTime;
}

/** Rows of `nchat_stream_notification_settings`. */
export interface StreamNotificationSettingsTable {
  user_id: string;
  channel_id: string;
  on_live: Generated<boolean>;
  on_scheduled: Generated<boolean>;
  by_mail: Generated<boolean>;
  reminder_minutes: number | null;
  updated_at: DefaultTime;
}

/** Rows of `nchat_stream_notifications`. */
export interface StreamNotificationsTable {
  id: string;
  user_id: string;
  stream_id: string;
  kind: string;
  read_at: OptionalTime;
  created_at: DefaultTime;
  mail_due: Generated<boolean>;
}

/** Rows of `nchat_stream_quality_metrics`. */
export interface StreamQualityMetricsTable {
  id: Generated<string>;
  stream_id: string;
  recorded_at: DefaultTime;
  current_viewer_count: Generated<number>;
  concurrent_connections: Generated<number>;
  bitrate_kbps: number | null;
  fps: number | null;
  resolution: string | null;
  dropped_frames: Generated<number>;
  encoder_speed: number | null;
  upload_bitrate_kbps: number | null;
  latency_ms: number | null;
  packet_loss_percent: number | null;
  rtt_ms: number | null;
  health_score: number | null;
}

/** Rows of `nchat_stream_question_votes`. */
export interface StreamQuestionVotesTable {
  question_id: string;
  user_id: string;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_questions`. */
export interface StreamQuestionsTable {
  id: string;
  stream_id: string;
  user_id: string;
  client_id: string;
  content: string;
  status: Generated<string>;
  answer: string | null;
  upvotes: Generated<number>;
  answered_at: OptionalTime;
  answered_by: string | null;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_reactions`. */
export interface StreamReactionsTable {
  id: Generated<string>;
  stream_id: string;
  user_id: string;
  emoji: string;
  reaction_type: string | null;
  position_x: number | null;
  position_y: number | null;
  metadata: Json;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_reminders`. */
export interface StreamRemindersTable {
  stream_id: string;
  user_id: string;
  minutes_before: Generated<number>;
  sent_at: OptionalTime;
  created_at: DefaultTime;
}

/** Rows of `nchat_stream_thumbnails`. */
export interface StreamThumbnailsTable {
  stream_id: string;
  mime: string;
  bytes: Buffer;
  etag: string;
  updated_at: DefaultTime;
}

/** Rows of `nchat_stream_viewers`. */
export interface StreamViewersTable {
  id: Generated<string>;
  stream_id: string;
  user_id: string | null;
  session_id: string;
  ip_address: string | null;
  user_agent: string | null;
  country: string | null;
  device: string | null;
  browser: string | null;
  os: string | null;
  joined_at: DefaultTime;
  left_at: OptionalTime;
  last_seen_at: DefaultTime;
  total_watch_time_seconds: Generated<number>;
  selected_quality: Generated<string>;
  transport: string | null;
  stalls: Generated<number>;
  sent_chat_messages: Generated<number>;
  sent_reactions: Generated<number>;
  metadata: Json;
  updated_at: DefaultTime;
  viewer_session_id: GeneratedAlways<string | null>;
  watch_duration_seconds: GeneratedAlways<number | null>;
}

/** Rows of `nchat_streams`. */
export interface StreamsTable {
  id: Generated<string>;
  channel_id: string;
  broadcaster_id: string;
  livekit_room_name: string | null;
  livekit_egress_id: string | null;
  title: string;
  description: string | null;
  thumbnail_url: string | null;
  scheduled_at: OptionalTime;
  status: Generated<string>;
  stream_key: string | null;
  ingest_url: string | null;
  hls_manifest_url: string | null;
  dash_manifest_url: string | null;
  max_resolution: Generated<string>;
  bitrate_kbps: Generated<number>;
  fps: Generated<number>;
  is_recorded: Generated<boolean>;
  enable_chat: Generated<boolean>;
  enable_reactions: Generated<boolean>;
  enable_qa: Generated<boolean>;
  chat_mode: Generated<string>;
  slow_mode_seconds: Generated<number>;
  waiting_room: Generated<boolean>;
  visibility: Generated<string>;
  auto_start: Generated<boolean>;
  reconnect_window_seconds: number | null;
  tags: Generated<string[]>;
  language: Generated<string>;
  automod: Json;
  current_viewers: Generated<number>;
  peak_viewer_count: Generated<number>;
  total_view_count: Generated<number>;
  total_chat_messages: Generated<number>;
  total_reactions: Generated<number>;
  started_at: OptionalTime;
  ended_at: OptionalTime;
  recording_url: string | null;
  recording_duration_seconds: number | null;
  recording_expires_at: OptionalTime;
  /** When a publisher was last known to be connected. */
  publisher_seen_at: OptionalTime;
  metadata: Json;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  peak_viewers: GeneratedAlways<number | null>;
  total_views: GeneratedAlways<number | null>;
  duration_seconds: GeneratedAlways<number | null>;
}

/** Rows of `nchat_top_streams`. */
export interface TopStreamsTable {
  rank: number | null;
  id: string | null;
  channel_id: string | null;
  broadcaster_id: string | null;
  title: string | null;
  description: string | null;
  thumbnail_url: string | null;
  status: string | null;
  tags: string[] | null;
  language: string | null;
  started_at: OptionalTime;
  ended_at: OptionalTime;
  peak_viewer_count: number | null;
  total_view_count: number | null;
  total_chat_messages: number | null;
  total_reactions: number | null;
  recording_duration_seconds: number | null;
  created_at: OptionalTime;
}

/** Rows of `nchat_user_follows`. */
export interface UserFollowsTable {
  followed_id: string;
  user_id: string;
  created_at: DefaultTime;
}

/** Rows of `users`. */
export interface UsersTable {
  id: string;
  username: string | null;
  display_name: string | null;
  avatar_url: string | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

/** Every table and view that the server reads or writes, by name; columns as in `migrations/`. */
export interface Tables {
  'accounts.account': AuthAccountTable;
  'accounts.session': AuthSessionTable;
  'accounts.setup': AuthSetupTable;
  'accounts.user': AuthUserTable;
  'accounts.verification': AuthVerificationTable;
  'tallylight.channel_members': ChannelMembersTable;
  'tallylight.channels': ChannelsTable;
  nchat_channel_follows: ChannelFollowsTable;
  nchat_channel_members: ChannelMembersTable;
  nchat_channel_subscriptions: ChannelSubscriptionsTable;
  nchat_channels: ChannelsTable;
  nchat_live_accounts: LiveAccountsTable;
  nchat_live_api_tokens: LiveApiTokensTable;
  nchat_live_audit_log: LiveAuditLogTable;
  nchat_live_calendar_renewals: LiveCalendarRenewalsTable;
  nchat_live_idempotency: LiveIdempotencyTable;
  nchat_live_streams: LiveStreamsTable;
  nchat_live_tellings: LiveTellingsTable;
  nchat_stream_bans: StreamBansTable;
  nchat_stream_chat_counters: StreamChatCountersTable;
  nchat_stream_chat_messages: StreamChatMessagesTable;
  nchat_stream_keys: StreamKeysTable;
  nchat_stream_moderation_log: StreamModerationLogTable;
  nchat_stream_moderators: StreamModeratorsTable;
  nchat_stream_notification_settings: StreamNotificationSettingsTable;
  nchat_stream_notifications: StreamNotificationsTable;
  nchat_stream_quality_metrics: StreamQualityMetricsTable;
  nchat_stream_question_votes: StreamQuestionVotesTable;
  nchat_stream_questions: StreamQuestionsTable;
  nchat_stream_reactions: StreamReactionsTable;
  nchat_stream_reminders: StreamRemindersTable;
  nchat_stream_thumbnails: StreamThumbnailsTable;
  nchat_stream_viewers: StreamViewersTable;
  nchat_streams: StreamsTable;
  nchat_top_streams: TopStreamsTable;
  nchat_user_follows: UserFollowsTable;
  users: UsersTable;
}
