-- standalone
-- How the program reads channels and members: by one name wherever they come from. Here they are this product's own tables, whose
-- policies decide.

CREATE FUNCTION tallylight.host_keeps_channels() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE VIEW tallylight.channels WITH (security_invoker = true) AS
  SELECT id, slug, name, description, avatar_url, is_private, created_by, created_at, updated_at FROM nchat_channels;
CREATE VIEW tallylight.channel_members WITH (security_invoker = true) AS
  SELECT channel_id, user_id, role, joined_at FROM nchat_channel_members;
GRANT EXECUTE ON FUNCTION tallylight.host_keeps_channels() TO tallylight_request, tallylight_service;
GRANT SELECT ON tallylight.channels, tallylight.channel_members TO tallylight_request, tallylight_service;
