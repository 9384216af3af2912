-- Guests who are not seen for long are removed. What they wrote stays, in nobody's name.

-- Removed; `users` has a row without a name for them, because something of theirs is still there.
ALTER TABLE nchat_live_accounts ADD COLUMN removed_at timestamptz;
-- When a session of theirs that has ended was last used; NULL before the first one ends.
ALTER TABLE accounts."user" ADD COLUMN seen_at timestamptz;

-- A session that ends leaves behind when it was used: expired ones are swept long before their guest is.
CREATE OR REPLACE FUNCTION tallylight.note_guest_seen() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE accounts."user" SET seen_at = greatest(seen_at, OLD.updated_at) WHERE id = OLD.user_id AND is_anonymous;
  RETURN NULL;
END $$;
ALTER FUNCTION tallylight.note_guest_seen() OWNER TO tallylight_service;
REVOKE ALL ON FUNCTION tallylight.note_guest_seen() FROM PUBLIC;
CREATE TRIGGER note_guest_seen AFTER DELETE ON accounts.session
  FOR EACH ROW EXECUTE FUNCTION tallylight.note_guest_seen();

-- As before, but who was removed and left something behind loses the name, not the row.
CREATE OR REPLACE FUNCTION tallylight.mirror_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT 1 FROM nchat_live_accounts WHERE user_id = OLD.id AND removed_at IS NOT NULL) THEN
      UPDATE users SET username = NULL, display_name = NULL, avatar_url = NULL, updated_at = now() WHERE id = OLD.id;
    ELSE
      DELETE FROM users WHERE id = OLD.id;
    END IF;
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO users (id, username, display_name, avatar_url) VALUES (NEW.id, NEW.username, NEW.name, NEW.image);
    INSERT INTO nchat_live_accounts (user_id, is_guest) VALUES (NEW.id, coalesce(NEW.is_anonymous, false));
  ELSIF (NEW.username, NEW.name, NEW.image) IS DISTINCT FROM (OLD.username, OLD.name, OLD.image) THEN
    UPDATE users SET username = NEW.username, display_name = NEW.name, avatar_url = NEW.image, updated_at = now()
      WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
