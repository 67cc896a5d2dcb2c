-- Undoing one repair: exactly what it did, or not at all.

CREATE OR REPLACE FUNCTION public.user_sync_undo(audit_id bigint, actor text, reason text) RETURNS SETOF bigint
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  done public.user_sync_audit;
  together bigint[];
  in_the_way text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('rollcall user ids'));
  PERFORM public.user_sync_check_keys();
  SELECT * INTO done FROM public.user_sync_audit a WHERE a.id = user_sync_undo.audit_id FOR UPDATE;
  IF done.id IS NULL THEN RAISE EXCEPTION 'There is no repair %.', audit_id; END IF;
  IF done.undone_at IS NOT NULL THEN RAISE EXCEPTION 'Repair % was undone already.', audit_id; END IF;
  IF done.action NOT IN ('rekey', 'merge', 'create', 'email') THEN
    RAISE EXCEPTION 'Row % of the audit trail says "%": that cannot be undone.', audit_id, done.action;
  END IF;
  together := public.user_sync_undone_with(done);
  SELECT string_agg(a.id::text, ', ' ORDER BY a.id DESC) INTO in_the_way
  FROM public.user_sync_audit a JOIN public.user_sync_audit t ON t.id = ANY (together)
  WHERE a.id <> ALL (together) AND a.id > t.id AND a.undone_at IS NULL AND a.action <> 'undo'
    AND (a.old_id IN (t.old_id, t.new_id) OR a.new_id IN (t.old_id, t.new_id));
  IF in_the_way IS NOT NULL THEN
    RAISE EXCEPTION 'The same person was repaired again later: undo % first.', in_the_way;
  END IF;
  CASE done.action
    WHEN 'rekey' THEN PERFORM public.user_sync_undo_rekey(together);
    WHEN 'merge' THEN PERFORM public.user_sync_undo_merge(done);
    WHEN 'create' THEN PERFORM public.user_sync_undo_create(done);
    WHEN 'email' THEN PERFORM public.user_sync_undo_email(done);
  END CASE;
  INSERT INTO public.user_sync_audit (run, action, state, auth_id, old_id, new_id, counts, actor, reason, undoes_id)
  SELECT a.run, 'undo', a.state, a.auth_id, a.new_id, a.old_id, a.counts, user_sync_undo.actor, user_sync_undo.reason, a.id
  FROM public.user_sync_audit a WHERE a.id = ANY (together);
  RETURN QUERY UPDATE public.user_sync_audit a SET undone_at = now() WHERE a.id = ANY (together) RETURNING a.id;
END $$;

-- The moves that have to be undone at once: who took the id that this one gave up has to give it back.
CREATE OR REPLACE FUNCTION public.user_sync_undone_with(done public.user_sync_audit) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE chain AS (
    SELECT done.id, done.old_id, done.run
    UNION
    SELECT a.id, a.old_id, a.run FROM chain c JOIN public.user_sync_audit a
      ON a.new_id = c.old_id AND a.run = c.run AND a.action = 'rekey' AND a.undone_at IS NULL AND done.action = 'rekey'
  )
  SELECT array_agg(id) FROM chain
$$;

CREATE OR REPLACE FUNCTION public.user_sync_undo_rekey(together bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  olds text[];
  news text[];
  taken text;
BEGIN
  SELECT array_agg(new_id), array_agg(old_id) INTO olds, news
  FROM public.user_sync_audit WHERE id = ANY (together);
  PERFORM 1 FROM public.app_users WHERE id = ANY (olds || news) ORDER BY id FOR UPDATE;
  SELECT string_agg(o, ', ') INTO taken FROM unnest(olds) AS o
  WHERE NOT EXISTS (SELECT FROM public.app_users WHERE id = o);
  IF taken IS NOT NULL THEN RAISE EXCEPTION 'There is no app user % any more.', taken; END IF;
  SELECT string_agg(u.id, ', ') INTO taken FROM public.app_users u
  WHERE u.id IN (SELECT unnest(news) EXCEPT SELECT unnest(olds));
  IF taken IS NOT NULL THEN RAISE EXCEPTION 'Another app user has the id % now.', taken; END IF;
  PERFORM public.user_sync_rekey(olds, news);
  PERFORM public.user_sync_check_left(olds, news);
END $$;

-- What an INSERT may name: generated columns make themselves.
CREATE OR REPLACE FUNCTION public.user_sync_insert(relation regclass, line jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE (
    SELECT format('INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, $1)',
                  relation, string_agg(quote_ident(a.attname), ', '))
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  ) USING line;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_restore(person jsonb) RETURNS void
LANGUAGE sql AS $$
  UPDATE public.app_users u SET
    email = p.email, username = p.username, full_name = p.full_name, profile_image = p.profile_image,
    created_at = p.created_at, updated_at = p.updated_at, last_active_at = p.last_active_at,
    deleted_in_auth_at = p.deleted_in_auth_at
  FROM jsonb_populate_record(NULL::public.app_users, person) p WHERE u.id = p.id
$$;

CREATE OR REPLACE FUNCTION public.user_sync_undo_merge(done public.user_sync_audit) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  place jsonb;
  line jsonb;
BEGIN
  SET CONSTRAINTS ALL DEFERRED;
  IF EXISTS (SELECT FROM public.app_users WHERE id = done.old_id) THEN
    RAISE EXCEPTION 'Another app user has the id % now.', done.old_id;
  END IF;
  IF NOT EXISTS (SELECT FROM public.app_users WHERE id = done.new_id) THEN
    RAISE EXCEPTION 'There is no app user % any more.', done.new_id;
  END IF;
  PERFORM public.user_sync_restore(done.facts -> 'kept');
  PERFORM public.user_sync_insert('public.app_users', done.facts -> 'removed');
  FOR place IN SELECT jsonb_array_elements(done.facts -> 'moved') LOOP
    EXECUTE (
      SELECT format(
        'UPDATE %1$s c SET %2$I = (jsonb_populate_record(NULL::%1$s, jsonb_build_object(%3$L, e -> ''was''))).%2$I '
        'FROM jsonb_array_elements($1) AS e CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, e -> ''key'') AS k '
        'WHERE %4$s',
        (place ->> 'table')::regclass, place ->> 'column', place ->> 'column',
        string_agg(format('c.%I = k.%I', k, k), ' AND '))
      FROM unnest(public.user_sync_primary_key((place ->> 'table')::regclass)) AS k
    ) USING place -> 'rows';
  END LOOP;
  FOR line IN SELECT jsonb_array_elements(done.facts -> 'lost') LOOP
    PERFORM public.user_sync_insert((line ->> 'table')::regclass, line -> 'row');
  END LOOP;
  SET CONSTRAINTS ALL IMMEDIATE;
  SET CONSTRAINTS ALL DEFERRED;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_undo_create(done public.user_sync_audit) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM public.user_sync_count(ARRAY[done.new_id])) THEN
    RAISE EXCEPTION 'Rows point at the app user % meanwhile.', done.new_id;
  END IF;
  DELETE FROM public.app_users WHERE id = done.new_id;
END $$;

CREATE OR REPLACE FUNCTION public.user_sync_undo_email(done public.user_sync_audit) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.app_users
                 WHERE id = done.new_id AND email IS NOT DISTINCT FROM done.facts #>> '{after,email}') THEN
    RAISE EXCEPTION 'The e-mail of % was changed meanwhile.', done.new_id;
  END IF;
  PERFORM public.user_sync_restore(done.facts -> 'before');
END $$;
