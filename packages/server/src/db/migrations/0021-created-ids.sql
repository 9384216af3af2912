-- The id of what a request with an Idempotency-Key makes: whoever runs the request again makes the same, or finds it made.
ALTER TABLE nchat_live_idempotency ADD COLUMN created_id uuid;
