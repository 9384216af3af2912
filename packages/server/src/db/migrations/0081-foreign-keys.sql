-- Who deletes a person, a channel or a stream finds what points to it by an index: without one, every such row is looked for in the whole
-- table, under the lock of what is being deleted. Partial where most rows point to nobody.

CREATE INDEX nchat_live_audit_log_actor ON nchat_live_audit_log (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_channel ON nchat_stream_bans (channel_id);
CREATE INDEX nchat_stream_bans_of_stream ON nchat_stream_bans (stream_id) WHERE stream_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_person ON nchat_stream_bans (user_id);
CREATE INDEX nchat_stream_bans_moderator ON nchat_stream_bans (moderator_id) WHERE moderator_id IS NOT NULL;
CREATE INDEX nchat_stream_bans_lifted ON nchat_stream_bans (lifted_by) WHERE lifted_by IS NOT NULL;
CREATE INDEX nchat_stream_chat_messages_pinner ON nchat_stream_chat_messages (pinned_by) WHERE pinned_by IS NOT NULL;
CREATE INDEX nchat_stream_chat_messages_deleter ON nchat_stream_chat_messages (deleted_by) WHERE deleted_by IS NOT NULL;
CREATE INDEX nchat_stream_keys_channel ON nchat_stream_keys (channel_id);
CREATE INDEX nchat_stream_keys_creator ON nchat_stream_keys (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX nchat_stream_moderation_log_moderator ON nchat_stream_moderation_log (moderator_id) WHERE moderator_id IS NOT NULL;
CREATE INDEX nchat_stream_moderation_log_target ON nchat_stream_moderation_log (target_user_id) WHERE target_user_id IS NOT NULL;
CREATE INDEX nchat_stream_moderators_user ON nchat_stream_moderators (user_id);
CREATE INDEX nchat_stream_moderators_adder ON nchat_stream_moderators (added_by) WHERE added_by IS NOT NULL;
CREATE INDEX nchat_stream_notification_settings_channel ON nchat_stream_notification_settings (channel_id);
CREATE INDEX nchat_stream_notifications_stream ON nchat_stream_notifications (stream_id);
CREATE INDEX nchat_stream_question_votes_user ON nchat_stream_question_votes (user_id);
CREATE INDEX nchat_stream_questions_user ON nchat_stream_questions (user_id);
CREATE INDEX nchat_stream_questions_answerer ON nchat_stream_questions (answered_by) WHERE answered_by IS NOT NULL;
CREATE INDEX nchat_stream_reminders_user ON nchat_stream_reminders (user_id);
