-- Every column that holds an app user's id, found in pg_constraint (composite keys, and keys to keys, included) or
-- declared in settings.USER_ID_COLUMNS, which `migrate` copies to user_id_columns. Kinds: `id`, the bare id; `actor`, the id
-- behind a prefix (`detail`); `generic`, the id where the column `detail` is the content type of app users; `array`;
-- `json`, the text under the key `detail`.

CREATE OR REPLACE FUNCTION public.user_sync_keys()
RETURNS TABLE (constraint_name name, relation regclass, col name, is_movable boolean)
LANGUAGE sql STABLE AS $$
WITH RECURSIVE held AS (
  SELECT NULL::name AS constraint_name, a.attrelid AS relation, a.attnum, true AS is_movable
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'public.app_users'::regclass AND a.attname = 'id'
  UNION
  SELECT c.conname, c.conrelid, k.child, c.condeferrable AND c.confupdtype = 'a'
  FROM held h
  JOIN pg_catalog.pg_constraint c ON c.contype = 'f' AND c.confrelid = h.relation AND c.conparentid = 0
  CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (child, parent)
  WHERE k.parent = h.attnum
)
SELECT h.constraint_name, h.relation::regclass, a.attname, h.is_movable
FROM held h JOIN pg_catalog.pg_attribute a ON a.attrelid = h.relation AND a.attnum = h.attnum
WHERE h.constraint_name IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION public.user_sync_references()
RETURNS TABLE (place text, relation regclass, col name, kind text, detail text)
LANGUAGE sql STABLE AS $$
SELECT DISTINCT ON (1) regexp_replace(r.relation::text, '^public\.', '') || '.' || r.col, r.*
FROM (
  SELECT k.relation, k.col, 'id' AS kind, '' AS detail FROM public.user_sync_keys() k
  UNION ALL
  SELECT a.attrelid::regclass, a.attname, d.kind, d.detail
  FROM public.user_id_columns d
  JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass(d.table_name) AND a.attname = d.column_name
  WHERE NOT a.attisdropped
) AS r
ORDER BY 1, r.detail
$$;

-- Refuses by name the keys that cannot be held back until all is moved.
CREATE OR REPLACE FUNCTION public.user_sync_check_keys() RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE bad text;
BEGIN
  SELECT string_agg(DISTINCT format('%s of %s', constraint_name, relation), ', ') INTO bad
  FROM public.user_sync_keys() WHERE NOT is_movable;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'These keys cannot move: %.', bad USING
      ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Make each DEFERRABLE, without an ON UPDATE action.';
  END IF;
END $$;

-- The condition by which column `c.col` holds one of the ids $1, and the id it holds.
CREATE OR REPLACE FUNCTION public.user_sync_condition(kind text, col name, detail text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE kind
    WHEN 'actor' THEN format('c.%I = ANY (ARRAY(SELECT %L || unnest($1)))', col, detail)
    WHEN 'json' THEN format('c.%I ->> %L = ANY ($1)', col, detail)
    WHEN 'array' THEN format('c.%I && $1', col)
    WHEN 'generic' THEN format(
      'c.%I = ANY ($1) AND c.%I = (SELECT id FROM public.django_content_type '
      'WHERE app_label = ''accounts'' AND model = ''appuser'')', col, detail)
    ELSE format('c.%I = ANY ($1)', col)
  END
$$;

CREATE OR REPLACE FUNCTION public.user_sync_held(kind text, col name, detail text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE kind
    WHEN 'actor' THEN format('substr(c.%I, %s)', col, length(detail) + 1)
    WHEN 'json' THEN format('c.%I ->> %L', col, detail)
    ELSE format('c.%I::text', col)
  END
$$;

-- How many rows of each place point at each of these ids.
CREATE OR REPLACE FUNCTION public.user_sync_count(ids text[]) RETURNS TABLE (user_id text, place text, number bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  spot record;
  held text;
BEGIN
  FOR spot IN SELECT * FROM public.user_sync_references() LOOP
    held := public.user_sync_held(spot.kind, spot.col, spot.detail);
    RETURN QUERY EXECUTE format(
      CASE spot.kind
        WHEN 'array' THEN 'SELECT e, %L, count(*) FROM %s c, unnest(c.%I) AS e WHERE %s AND e = ANY ($1) GROUP BY 1'
        ELSE 'SELECT %5$s, %1$L, count(*) FROM %2$s c WHERE %4$s GROUP BY 1' END,
      spot.place, spot.relation, spot.col, public.user_sync_condition(spot.kind, spot.col, spot.detail), held
    ) USING ids;
  END LOOP;
END $$;

-- The unique keys that a column is part of, with the condition that makes two rows x and y of different people meet.
CREATE OR REPLACE FUNCTION public.user_sync_unique_keys(relation regclass, col name)
RETURNS TABLE (name name, has_expression boolean, predicate text, condition text)
LANGUAGE sql STABLE AS $$
  SELECT n.relname, bool_or(k.attnum = 0), coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
         coalesce(string_agg(format(CASE WHEN i.indnullsnotdistinct THEN 'x.%I IS NOT DISTINCT FROM y.%I'
                                         ELSE 'x.%I = y.%I' END, a.attname, a.attname), ' AND ')
                  FILTER (WHERE a.attname <> col), 'true')
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class n ON n.oid = i.indexrelid
  CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE i.indrelid = relation AND i.indisunique AND k.place <= i.indnkeyatts
  GROUP BY i.indexrelid, n.relname, i.indpred, i.indrelid
  HAVING bool_or(a.attname = col)
$$;

-- Moves everything that points at `olds` to `news`, and the app users themselves; answers the rows moved of each person
-- and place. One statement per place, each row once: chains and swaps do not meet themselves. Foreign keys are held back;
-- unique keys cannot be, so ids that somebody gives up and somebody gets are parked where there are any.
CREATE OR REPLACE FUNCTION public.user_sync_rekey(olds text[], news text[])
RETURNS TABLE (old_id text, place text, moved bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  spot record;
  parked text[] := ARRAY(SELECT unnest(olds) INTERSECT SELECT unnest(news));
  froms text[] := ARRAY(
    SELECT CASE WHEN k.id IS NULL THEN p.id ELSE 'parked:' || k.id END
    FROM unnest(olds) WITH ORDINALITY AS p (id, n) LEFT JOIN unnest(parked) AS k (id) ON k.id = p.id ORDER BY p.n);
BEGIN
  SET CONSTRAINTS ALL DEFERRED;
  FOR spot IN SELECT r.*, r.kind = 'id' AND EXISTS (SELECT FROM public.user_sync_unique_keys(r.relation, r.col)) AS is_tight
              FROM public.user_sync_references() r LOOP
    IF spot.is_tight AND parked <> '{}' THEN
      EXECUTE format('UPDATE %1$s SET %2$I = ''parked:'' || %2$I WHERE %2$I = ANY ($1)', spot.relation, spot.col)
      USING parked;
    END IF;
    RETURN QUERY EXECUTE public.user_sync_move(spot.place, spot.relation, spot.col, spot.kind, spot.detail)
    USING olds, news, CASE WHEN spot.is_tight THEN froms ELSE olds END;
  END LOOP;
  UPDATE public.app_users SET id = 'parked:' || id WHERE id = ANY (parked);
  UPDATE public.app_users u SET id = m.new_id FROM unnest(froms, news) AS m (from_id, new_id) WHERE u.id = m.from_id;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_move(place text, relation regclass, col name, kind text, detail text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE kind
    WHEN 'array' THEN format(
      'WITH counted AS MATERIALIZED ('
      '  SELECT e AS old_id, count(*) AS number FROM %1$s c, unnest(c.%2$I) AS e WHERE c.%2$I && $1 AND e = ANY ($1)'
      '  GROUP BY 1), '
      'done AS (UPDATE %1$s c SET %2$I = (SELECT array_agg(coalesce(m.new_id, e.value) ORDER BY e.place)'
      '  FROM unnest(c.%2$I) WITH ORDINALITY AS e (value, place)'
      '  LEFT JOIN unnest($1, $2) AS m (old_id, new_id) ON m.old_id = e.value) WHERE c.%2$I && $1) '
      'SELECT old_id::text, %3$L, number FROM counted', relation, col, place)
    ELSE format(
      'WITH done AS (UPDATE %1$s c SET %2$I = %4$s FROM unnest($1, $2, $3) AS m (old_id, new_id, from_id) '
      'WHERE %5$s RETURNING m.old_id) SELECT old_id, %3$L, count(*) FROM done GROUP BY 1',
      relation, col, place,
      CASE kind WHEN 'actor' THEN format('%L || m.new_id', detail)
                WHEN 'json' THEN format('jsonb_set(c.%I, ARRAY[%L], to_jsonb(m.new_id))', col, detail)
                ELSE 'm.new_id' END,
      CASE kind WHEN 'actor' THEN format('c.%I = %L || m.from_id', col, detail)
                WHEN 'json' THEN format('c.%I ->> %L = m.from_id', col, detail)
                WHEN 'generic' THEN format(
                  'c.%I = m.from_id AND c.%I = (SELECT id FROM public.django_content_type '
                  'WHERE app_label = ''accounts'' AND model = ''appuser'')', col, detail)
                ELSE format('c.%I = m.from_id', col) END)
  END
$$;
