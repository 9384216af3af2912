-- Old partitions of the quality metrics go as a whole: deleting rows would leave their room taken.

-- Removes the partitions whose last day lies before `before`, and returns their names. Runs as the owner of the tables, for the service.
CREATE OR REPLACE FUNCTION tallylight.drop_metrics_partitions(before timestamptz) RETURNS SETOF text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.nchat_stream_quality_metrics'::regclass
      AND c.relname ~ '^nchat_stream_quality_metrics_\d{4}_\d{2}$'
      AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= before
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', name);
    RETURN NEXT name;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION tallylight.drop_metrics_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tallylight.drop_metrics_partitions(timestamptz) TO tallylight_service;
