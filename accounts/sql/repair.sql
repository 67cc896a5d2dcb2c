-- Repairs. Everything here runs in the caller's transaction: a batch is whole or it is not there.

-- Merges the app user `removed` into `kept`, an identity's right one. Where a unique key allows only one of two rows, the
-- strategy says which: `keep-auth` (that of `kept`), `keep-app` (that of `removed`) or `newest`. Answers all that an
-- undo needs, and the counts.
CREATE OR REPLACE FUNCTION public.user_sync_merge(kept text, removed text, strategy text) RETURNS jsonb
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  spot record;
  one public.app_users;
  other public.app_users;
  winner public.app_users;
  proven text;
  lost jsonb := '[]';
  moved jsonb := '[]';
  found_rows jsonb;
  counts jsonb := '{}';
BEGIN
  SET CONSTRAINTS ALL DEFERRED;
  SELECT * INTO STRICT one FROM public.app_users WHERE id = kept;
  SELECT * INTO STRICT other FROM public.app_users WHERE id = removed;
  FOR spot IN SELECT * FROM public.user_sync_references() LOOP
    IF spot.kind = 'id' THEN
      lost := lost || public.user_sync_resolve(spot.relation, spot.col, kept, removed, strategy);
    END IF;
    found_rows := public.user_sync_merge_place(spot.relation, spot.col, spot.kind, spot.detail, kept, removed);
    IF found_rows <> '[]' THEN
      moved := moved || jsonb_build_object('table', spot.relation::text, 'column', spot.col, 'rows', found_rows);
      counts := counts || jsonb_build_object(spot.place, jsonb_array_length(found_rows));
    END IF;
  END LOOP;
  SELECT email INTO proven FROM public.auth_users WHERE id = kept AND email_key IS NOT NULL;
  winner := CASE WHEN strategy = 'keep-app' OR strategy = 'newest' AND other.updated_at > one.updated_at
                 THEN other ELSE one END;
  DELETE FROM public.app_users WHERE id = removed;
  UPDATE public.app_users SET
    email = coalesce(proven, winner.email),
    username = coalesce(winner.username, one.username, other.username),
    full_name = coalesce(nullif(winner.full_name, ''), nullif(one.full_name, ''), other.full_name),
    profile_image = coalesce(nullif(winner.profile_image, ''), nullif(one.profile_image, ''), other.profile_image),
    created_at = least(one.created_at, other.created_at),
    last_active_at = greatest(one.last_active_at, other.last_active_at),
    updated_at = now()
  WHERE id = kept;
  RETURN jsonb_build_object(
    'kept', to_jsonb(one), 'removed', to_jsonb(other), 'moved', moved, 'lost', lost, 'counts', counts);
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_primary_key(relation regclass) RETURNS name[]
LANGUAGE sql STABLE AS $$
  SELECT array_agg(a.attname ORDER BY k.place)
  FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE i.indrelid = relation AND i.indisprimary
$$;

-- Repoints the rows of one place; answers each row's primary key and what the column held.
CREATE OR REPLACE FUNCTION public.user_sync_merge_place(
  relation regclass, col name, kind text, detail text, kept text, removed text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  key name[] := public.user_sync_primary_key(relation);
  answer jsonb;
BEGIN
  EXECUTE format(
    'WITH chosen AS (SELECT c.tableoid AS part, c.ctid AS spot, to_jsonb(c.%1$I) AS was FROM %2$s c'
    '  WHERE %3$s FOR UPDATE), '
    'done AS (UPDATE %2$s c SET %1$I = %4$s FROM chosen o WHERE c.tableoid = o.part AND c.ctid = o.spot'
    '  RETURNING jsonb_build_object(''key'', jsonb_build_object(%5$s), ''was'', o.was) AS line) '
    'SELECT coalesce(jsonb_agg(line), ''[]'') FROM done',
    col, relation, public.user_sync_condition(kind, col, detail),
    CASE kind WHEN 'actor' THEN format('%L || $2', detail)
              WHEN 'json' THEN format('jsonb_set(c.%I, ARRAY[%L], to_jsonb($2))', col, detail)
              WHEN 'array' THEN format('array_replace(c.%I, $1[1], $2)', col)
              ELSE '$2' END,
    (SELECT string_agg(format('%L, c.%I', k, k), ', ') FROM unnest(key) AS k)
  ) INTO answer USING ARRAY[removed], kept;
  IF key IS NULL AND answer <> '[]' THEN
    RAISE EXCEPTION 'Rows of % have no primary key, so a merge of them could not be undone.', relation;
  END IF;
  RETURN answer;
END $$;

-- Where both people have a row that a unique key allows only one of, delete one by strategy; answers the deleted rows.
CREATE OR REPLACE FUNCTION public.user_sync_resolve(
  relation regclass, col name, kept text, removed text, strategy text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  rule record;
  pair record;
  loser jsonb;
  deleted jsonb := '[]';
BEGIN
  FOR rule IN SELECT * FROM public.user_sync_unique_keys(relation, col) LOOP
    IF rule.has_expression THEN
      RAISE EXCEPTION 'The unique index % of % is on an expression: merge these two by hand.', rule.name, relation;
    END IF;
    FOR pair IN EXECUTE format(
      'SELECT to_jsonb(x) AS theirs, to_jsonb(y) AS ours '
      'FROM (SELECT * FROM %1$s WHERE %2$I = $1 AND %3$s) x JOIN (SELECT * FROM %1$s WHERE %2$I = $2 AND %3$s) y ON %4$s',
      relation, col, rule.predicate, rule.condition) USING removed, kept
    LOOP
      loser := CASE
        WHEN strategy = 'keep-app' OR strategy = 'newest'
             AND public.user_sync_stamp(pair.theirs) > public.user_sync_stamp(pair.ours) THEN pair.ours
        ELSE pair.theirs END;
      EXECUTE format('DELETE FROM %1$s c USING jsonb_populate_record(NULL::%1$s, $1) k WHERE %2$s', relation,
        (SELECT string_agg(format('c.%I = k.%I', k, k), ' AND ')
         FROM unnest(public.user_sync_primary_key(relation)) AS k)) USING loser;
      deleted := deleted || jsonb_build_object('table', relation::text, 'row', loser);
    END LOOP;
  END LOOP;
  RETURN deleted;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_stamp(line jsonb) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT coalesce(line ->> 'updated_at', line ->> 'created_at', line ->> 'joined_at')::timestamptz
$$;

-- Fails when anything still points at an id that nobody has any more.
CREATE OR REPLACE FUNCTION public.user_sync_check_left(olds text[], news text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE left_behind text;
BEGIN
  SELECT string_agg(format('%s in %s', number, place), ', ') INTO left_behind
  FROM (SELECT place, sum(number) AS number FROM public.user_sync_count(
          ARRAY(SELECT unnest(olds) EXCEPT SELECT unnest(news))) GROUP BY place) AS found;
  IF left_behind IS NOT NULL THEN RAISE EXCEPTION 'Rows would be left behind: %.', left_behind; END IF;
  SET CONSTRAINTS ALL IMMEDIATE;
  SET CONSTRAINTS ALL DEFERRED;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_why(state text, ending text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE state
    WHEN 'TARGET_OCCUPIED' THEN CASE ending
      WHEN 'merge' THEN 'Another app user has the right id: choose a strategy to merge the two.'
      ELSE 'Another app user, whose owner cannot be told, has the right id.' END
    WHEN 'AMBIGUOUS' THEN 'Several identities or app users share the e-mail: a person decides.'
    WHEN 'UNMATCHABLE' THEN 'Without a confirmed e-mail nobody can be matched.'
    WHEN 'DELETED_IN_AUTH' THEN 'The account was deleted.'
    WHEN 'ORPHAN_APP_USER' THEN 'No identity has this id or has confirmed this e-mail.'
    WHEN 'SYNCED' THEN 'In step.'
    WHEN 'MISSING_APP_USER' THEN 'The identity has no app user.'
    WHEN 'ID_MISMATCH' THEN 'The app user with this confirmed e-mail has another id.'
    WHEN 'SWAPPED' THEN 'App users have the ids of each other.'
    WHEN 'EMAIL_DRIFT' THEN 'The identity has confirmed another e-mail than the app user has.' END
$$;

-- Merges those whose right id is taken by an app user that stays there. Each is whole or refused.
CREATE OR REPLACE FUNCTION public.user_sync_merge_all(
  among text[], strategy text, run uuid, actor text, reason text)
RETURNS TABLE (user_id text, state text, outcome text, message text, audit_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  person record;
  facts jsonb;
  hangs_on text;
BEGIN
  FOR person IN
    WITH people AS MATERIALIZED (SELECT * FROM public.user_sync_states_of(among))
    SELECT p.auth_id, p.app_id FROM people p
    WHERE p.state = 'TARGET_OCCUPIED' AND p.ending = 'merge' AND p.app_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM people q WHERE q.app_id = p.occupant_id)
  LOOP
    user_id := person.auth_id;
    state := 'TARGET_OCCUPIED';
    BEGIN
      facts := public.user_sync_merge(person.auth_id, person.app_id, strategy);
      PERFORM public.user_sync_check_left(ARRAY[person.app_id], '{}');
      INSERT INTO public.user_sync_audit (run, action, state, auth_id, old_id, new_id, counts, facts, actor, reason)
      VALUES (user_sync_merge_all.run, 'merge', state, person.auth_id, person.app_id, person.auth_id, facts -> 'counts',
              facts - 'counts', user_sync_merge_all.actor, user_sync_merge_all.reason)
      RETURNING id INTO audit_id;
      outcome := 'repaired';
      message := '';
    EXCEPTION WHEN integrity_constraint_violation OR raise_exception THEN
      GET STACKED DIAGNOSTICS hangs_on = TABLE_NAME;
      outcome := 'refused';
      message := CASE SQLSTATE
        WHEN '23503' THEN format('Of two rows one would have to go, and rows of %s hang on both: merge by hand.', hangs_on)
        ELSE SQLERRM END;
      audit_id := NULL;
    END;
    RETURN NEXT;
  END LOOP;
END $$;

-- Makes app users that are missing, and brings e-mails in step.
CREATE OR REPLACE FUNCTION public.user_sync_provision_all(
  ids text[], classes text[], run uuid, actor text, reason text)
RETURNS TABLE (user_id text, state text, outcome text, message text, audit_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  before public.app_users;
BEGIN
  FOR i IN 1 .. coalesce(cardinality(ids), 0) LOOP
    user_id := ids[i];
    state := classes[i];
    SELECT * INTO before FROM public.app_users WHERE id = ids[i];
    outcome := public.user_sync_provision(ids[i]);
    message := outcome;
    audit_id := NULL;
    IF outcome IN ('created', 'updated') THEN
      INSERT INTO public.user_sync_audit (run, action, state, auth_id, new_id, facts, actor, reason)
      SELECT user_sync_provision_all.run, CASE WHEN before.id IS NULL THEN 'create' ELSE 'email' END, classes[i], ids[i],
             ids[i], jsonb_build_object('before', to_jsonb(before), 'after', to_jsonb(u)),
             user_sync_provision_all.actor, user_sync_provision_all.reason
      FROM public.app_users u WHERE u.id = ids[i]
      RETURNING id INTO audit_id;
    END IF;
    outcome := CASE WHEN audit_id IS NULL THEN 'refused' ELSE 'repaired' END;
    RETURN NEXT;
  END LOOP;
END $$;

-- Repairs these people and everybody who hangs together with them, as far as that is automatic, or a merge that the
-- strategy allows. What a plan said is looked at again, under locks. Answers a line for each person who was not in step.
CREATE OR REPLACE FUNCTION public.user_sync_repair(
  auth_ids text[], strategy text, run uuid, actor text, reason text)
RETURNS TABLE (user_id text, state text, outcome text, message text, audit_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  among text[] := public.user_sync_closure(auth_ids, '{}');
  olds text[];
  news text[];
  moved_states text[];
  others text[];
  other_states text[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('rollcall user ids'));
  PERFORM public.user_sync_check_keys();
  PERFORM 1 FROM public.app_users WHERE id = ANY (among) ORDER BY id FOR UPDATE;
  among := public.user_sync_closure(auth_ids, '{}');
  IF strategy <> 'refuse' THEN
    RETURN QUERY SELECT * FROM public.user_sync_merge_all(among, strategy, run, actor, reason);
  END IF;
  SELECT array_agg(s.app_id) FILTER (WHERE is_move), array_agg(s.auth_id) FILTER (WHERE is_move),
         array_agg(s.state) FILTER (WHERE is_move), array_agg(s.auth_id) FILTER (WHERE NOT is_move),
         array_agg(s.state) FILTER (WHERE NOT is_move)
  INTO olds, news, moved_states, others, other_states
  FROM public.user_sync_states_of(among) s CROSS JOIN LATERAL (SELECT s.state IN ('ID_MISMATCH', 'SWAPPED') AS is_move) m
  WHERE s.state IN ('ID_MISMATCH', 'SWAPPED', 'MISSING_APP_USER', 'EMAIL_DRIFT');
  IF olds IS NOT NULL THEN
    RETURN QUERY
    WITH counted AS MATERIALIZED (
      SELECT r.old_id, jsonb_object_agg(r.place, r.moved) AS counts FROM public.user_sync_rekey(olds, news) r GROUP BY 1
    ), logged AS (
      INSERT INTO public.user_sync_audit (run, action, state, auth_id, old_id, new_id, counts, actor, reason)
      SELECT user_sync_repair.run, 'rekey', m.state, m.new_id, m.old_id, m.new_id, coalesce(c.counts, '{}'),
             user_sync_repair.actor, user_sync_repair.reason
      FROM unnest(olds, news, moved_states) AS m (old_id, new_id, state) LEFT JOIN counted c ON c.old_id = m.old_id
      RETURNING id, auth_id, state
    )
    SELECT l.auth_id, l.state, 'repaired', '', l.id FROM logged l;
    PERFORM public.user_sync_check_left(olds, news);
  END IF;
  RETURN QUERY SELECT * FROM public.user_sync_provision_all(others, other_states, run, actor, reason);
  UPDATE public.user_sync_failures SET resolved_at = now()
  WHERE auth_id = ANY (among) AND resolved_at IS NULL AND code <> 'email_of_deleted';
END $$;
