-- host
-- How the program reads channels and members: by one name wherever they come from. Here they are a host app's tables. It may have
-- row-level security on them or not, and other columns than ours: so these views read as the service, show what our own rules show, and
-- take each column out of JSON, where one that is not there is merely null. The host may change its columns without asking these views.

CREATE FUNCTION tallylight.host_keeps_channels() RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';

CREATE VIEW tallylight.channels WITH (security_barrier = true) AS
  SELECT c.id, c.slug, c.name, c.description, c.avatar_url, c.is_private, c.created_by, c.created_at, c.updated_at
  FROM (
    SELECT h.id,
      j ->> 'slug' AS slug,
      coalesce(j ->> 'name', '') AS name,
      j ->> 'description' AS description,
      j ->> 'avatar_url' AS avatar_url,
      coalesce((j ->> 'is_private')::boolean, j ->> 'type' IN ('private', 'direct', 'dm', 'group'), false) AS is_private,
      (j ->> 'created_by')::uuid AS created_by,
      coalesce(j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS created_at,
      coalesce(j ->> 'updated_at', j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS updated_at
    FROM nchat_channels h CROSS JOIN LATERAL to_jsonb(h) AS j
  ) AS c
  WHERE current_user = 'tallylight_service' OR NOT c.is_private OR tallylight.is_admin()
    OR tallylight.channel_role(c.id) IS NOT NULL;

CREATE VIEW tallylight.channel_members WITH (security_barrier = true) AS
  SELECT m.channel_id, m.user_id, coalesce(j ->> 'role', 'viewer') AS role,
    coalesce(j ->> 'joined_at', j ->> 'created_at', '1970-01-01T00:00:00Z')::timestamptz AS joined_at
  FROM nchat_channel_members m CROSS JOIN LATERAL to_jsonb(m) AS j
  WHERE current_user = 'tallylight_service' OR m.user_id = tallylight.user_id() OR tallylight.is_admin()
    OR tallylight.channel_role(m.channel_id) IS NOT NULL;

ALTER VIEW tallylight.channels OWNER TO tallylight_service;
ALTER VIEW tallylight.channel_members OWNER TO tallylight_service;
GRANT EXECUTE ON FUNCTION tallylight.host_keeps_channels() TO tallylight_request, tallylight_service;
GRANT SELECT ON tallylight.channels, tallylight.channel_members TO tallylight_request;
