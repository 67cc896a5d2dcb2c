-- From the identity provider to app_users. One file for both triggers: the one from a real auth.users to the mirror
-- (auth_users), which `manage.py install_auth_trigger` puts on, and the one from the mirror to app_users.
--
-- A trigger of ours never raises, for that would roll the sign-up back ("Database error saving new user"), and hardly
-- waits: lock_timeout, because WHEN OTHERS does not catch a statement timeout. What could not be done becomes a row of
-- user_sync_failures. The file is idempotent: a migration that changes it runs the whole of it again.

CREATE OR REPLACE FUNCTION public.user_sync_fail(auth_id text, code text, message text, source text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  INSERT INTO public.user_sync_failures (auth_id, code, message, source)
  VALUES (user_sync_fail.auth_id, user_sync_fail.code, left(user_sync_fail.message, 1000), user_sync_fail.source);
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'rollcall: % of % was not recorded: %', code, auth_id, SQLERRM;
END $$;

-- Stores what a provider says, as a row of auth.users in JSON. `rule` is when: `always` (a trigger on the source itself),
-- `not_older` (an event), `newer` (a row read a while ago). But for the source's own trigger, a tombstone stands for ever.
CREATE OR REPLACE FUNCTION public.user_sync_record(fact jsonb, provider text, rule text) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  INSERT INTO public.auth_users AS known (
    id, email, phone, email_confirmed_at, is_sso_user, is_anonymous, raw_user_meta_data,
    created_at, updated_at, deleted_at, provider)
  VALUES (
    fact ->> 'id', CASE WHEN length(fact ->> 'email') BETWEEN 1 AND 320 THEN fact ->> 'email' END, coalesce(fact ->> 'phone', ''),
    (fact ->> 'email_confirmed_at')::timestamptz,
    coalesce((fact ->> 'is_sso_user')::boolean, false), coalesce((fact ->> 'is_anonymous')::boolean, false),
    coalesce(nullif(fact -> 'raw_user_meta_data', 'null'), '{}'),
    coalesce((fact ->> 'created_at')::timestamptz, now()), coalesce((fact ->> 'updated_at')::timestamptz, now()),
    (fact ->> 'deleted_at')::timestamptz, user_sync_record.provider)
  ON CONFLICT (id) DO UPDATE SET
    email = excluded.email, phone = excluded.phone, email_confirmed_at = excluded.email_confirmed_at,
    is_sso_user = excluded.is_sso_user, is_anonymous = excluded.is_anonymous,
    raw_user_meta_data = excluded.raw_user_meta_data, created_at = least(known.created_at, excluded.created_at),
    updated_at = excluded.updated_at, deleted_at = excluded.deleted_at, provider = excluded.provider
  WHERE rule = 'always'
     OR (known.deleted_at IS NULL
         AND (known.updated_at < excluded.updated_at
              OR (rule = 'not_older' AND known.updated_at = excluded.updated_at)));
  RETURN FOUND;
END $$;

-- A tombstone: it also comes before its row.
CREATE OR REPLACE FUNCTION public.user_sync_bury(auth_id text, provider text, buried_at timestamptz) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  INSERT INTO public.auth_users AS known (id, created_at, updated_at, deleted_at, provider)
  VALUES (auth_id, buried_at, buried_at, buried_at, user_sync_bury.provider)
  ON CONFLICT (id) DO UPDATE SET email = NULL, phone = '', email_confirmed_at = NULL, raw_user_meta_data = '{}',
    updated_at = greatest(known.updated_at, buried_at), deleted_at = coalesce(known.deleted_at, buried_at);
$$;

-- Whether an identity may have its e-mail in app_users: `free`, `none` (it has none that is proven), `shared` (another
-- living identity has the same, and its app user holds it: SSO), `deleted` (a deleted account's app user holds it), or
-- `held` (by an app user whose id is wrong, or nobody's).
CREATE OR REPLACE FUNCTION public.user_sync_claim(identity public.auth_users) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
  claimed text := CASE WHEN identity.email LIKE '%@%' AND NOT identity.is_anonymous
                       THEN lower(btrim(identity.email)) END;
  found_claim text;
BEGIN
  SELECT CASE WHEN bool_or(is_deleted IS NOT TRUE AND is_same IS NOT TRUE) THEN 'held'
              WHEN bool_or(is_deleted) THEN 'deleted' WHEN bool_or(is_same) THEN 'shared' END
  INTO found_claim
  FROM (
    SELECT holder.deleted_in_auth_at IS NOT NULL OR owner.deleted_at IS NOT NULL AS is_deleted,
           owner.email_key = claimed AS is_same
    FROM public.app_users holder LEFT JOIN public.auth_users owner ON owner.id = holder.id
    WHERE holder.email_key = claimed AND holder.id <> identity.id
  ) AS held;
  RETURN coalesce(found_claim, CASE WHEN identity.email_key IS NULL THEN 'none' ELSE 'free' END);
END $$;

-- The names under which a person may be stored, best first. A taken username gets a suffix.
CREATE OR REPLACE FUNCTION public.user_sync_usernames(identity public.auth_users) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT CASE WHEN base IS NULL THEN ARRAY[NULL::text]
              ELSE ARRAY[base, base || '-' || left(md5(identity.id), 6), base || '-' || md5(identity.id), NULL] END
  FROM (SELECT left(coalesce(
    nullif(btrim(identity.raw_user_meta_data ->> 'username'), ''),
    CASE WHEN NOT identity.is_anonymous THEN nullif(btrim(split_part(identity.email, '@', 1)), '') END), 100) AS base
  ) AS wished;
$$;

-- Makes the app user of an identity that has none: `created`; `email_of_deleted` (created, without its e-mail);
-- `email_held` (not created, for it would be a second one of the same person); `unchanged` (somebody else was quicker).
CREATE OR REPLACE FUNCTION public.user_sync_create(identity public.auth_users) RETURNS text
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  claim text := public.user_sync_claim(identity);
  wished text;
BEGIN
  IF claim = 'held' THEN RETURN 'email_held'; END IF;
  FOREACH wished IN ARRAY public.user_sync_usernames(identity) LOOP
    INSERT INTO public.app_users (id, email, username, full_name, profile_image, created_at)
    VALUES (
      identity.id, CASE WHEN claim = 'free' THEN identity.email END, wished,
      left(coalesce(identity.raw_user_meta_data ->> 'full_name', identity.raw_user_meta_data ->> 'name', ''), 500),
      left(coalesce(identity.raw_user_meta_data ->> 'avatar_url', ''), 2000), identity.created_at)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN CASE WHEN claim = 'deleted' THEN 'email_of_deleted' ELSE 'created' END; END IF;
    IF EXISTS (SELECT FROM public.app_users WHERE id = identity.id) THEN RETURN 'unchanged'; END IF;
    IF claim = 'free' AND EXISTS (SELECT FROM public.app_users WHERE email = identity.email) THEN
      RETURN 'email_held';
    END IF;
  END LOOP;
  RETURN 'email_held';
END $$;

-- Brings an app user in step with the identity of the same id, unless its e-mail says that it is somebody else's row
-- (`id_held`): what it holds is then the evidence that a repair needs.
CREATE OR REPLACE FUNCTION public.user_sync_refresh(identity public.auth_users, person public.app_users) RETURNS text
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  claim text;
  shown jsonb := identity.raw_user_meta_data;
  wished text := left(nullif(btrim(shown ->> 'username'), ''), 100);
  new_email text := person.email;
BEGIN
  IF person.email_key IS DISTINCT FROM identity.email_key AND EXISTS (
    SELECT FROM public.auth_users WHERE email_key = person.email_key AND id <> identity.id
  ) THEN RETURN 'id_held'; END IF;
  IF identity.email_key IS NOT NULL AND person.email_key IS DISTINCT FROM identity.email_key THEN
    claim := public.user_sync_claim(identity);
    IF claim = 'free' THEN new_email := identity.email; END IF;
  END IF;
  IF wished IS NULL OR EXISTS (SELECT FROM public.app_users WHERE username = wished AND id <> person.id) THEN
    wished := person.username;
  END IF;
  UPDATE public.app_users AS u SET
    email = new_email, username = wished, full_name = fresh.full_name, profile_image = fresh.profile_image,
    deleted_in_auth_at = NULL, updated_at = now()
  FROM (SELECT left(coalesce(nullif(shown ->> 'full_name', ''), nullif(shown ->> 'name', ''), person.full_name), 500),
               left(coalesce(nullif(shown ->> 'avatar_url', ''), person.profile_image), 2000))
       AS fresh (full_name, profile_image)
  WHERE u.id = person.id
    AND (u.email, u.username, u.full_name, u.profile_image, u.deleted_in_auth_at)
        IS DISTINCT FROM (new_email, wished, fresh.full_name, fresh.profile_image, NULL::timestamptz);
  IF claim IN ('held', 'deleted') THEN
    RETURN CASE claim WHEN 'held' THEN 'email_held' ELSE 'email_of_deleted' END;
  END IF;
  RETURN CASE WHEN FOUND THEN 'updated' ELSE 'unchanged' END;
END $$;

-- Makes or refreshes the app user of one identity. Answers `created`, `updated`, `unchanged`, `deleted`, `absent` (no such
-- identity), or what is in the way: `email_held`, `email_of_deleted`, `id_held`. Errors are the caller's.
CREATE OR REPLACE FUNCTION public.user_sync_provision(auth_id text) RETURNS text
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  identity public.auth_users;
  person public.app_users;
BEGIN
  SELECT * INTO identity FROM public.auth_users WHERE id = auth_id;
  IF NOT FOUND THEN RETURN 'absent'; END IF;
  IF identity.deleted_at IS NOT NULL THEN
    UPDATE public.app_users SET deleted_in_auth_at = identity.deleted_at, updated_at = now()
    WHERE id = auth_id AND deleted_in_auth_at IS NULL;
    RETURN 'deleted';
  END IF;
  SELECT * INTO person FROM public.app_users WHERE id = auth_id;
  RETURN CASE WHEN FOUND THEN public.user_sync_refresh(identity, person)
              ELSE public.user_sync_create(identity) END;
END $$;

-- The trigger on the mirror.
CREATE OR REPLACE FUNCTION public.user_sync_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms' AS $$
DECLARE outcome text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE public.app_users SET deleted_in_auth_at = now(), updated_at = now()
    WHERE id = OLD.id AND deleted_in_auth_at IS NULL;
    RETURN NULL;
  END IF;
  outcome := public.user_sync_provision(NEW.id);
  IF outcome IN ('email_held', 'email_of_deleted', 'id_held') THEN
    PERFORM public.user_sync_fail(NEW.id, outcome, '', 'auth_users');
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  PERFORM public.user_sync_fail(coalesce(NEW.id, OLD.id), SQLSTATE, SQLERRM, 'auth_users');
  RETURN NULL;
END $$;

-- The trigger on a real auth.users. Its argument names the provider.
CREATE OR REPLACE FUNCTION public.user_sync_mirror() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms' AS $$
DECLARE source text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM public.user_sync_bury(OLD.id::text, TG_ARGV[0], clock_timestamp());
  ELSE
    PERFORM public.user_sync_record(to_jsonb(NEW), TG_ARGV[0], 'always');
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  PERFORM public.user_sync_fail(coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> 'id', SQLSTATE, SQLERRM, source);
  RETURN NULL;
END $$;

REVOKE EXECUTE ON FUNCTION public.user_sync_follow(), public.user_sync_mirror() FROM PUBLIC;

CREATE OR REPLACE TRIGGER user_sync_follow
AFTER INSERT OR DELETE OR UPDATE OF
  email, phone, deleted_at, is_anonymous, email_confirmed_at, raw_user_meta_data
ON public.auth_users FOR EACH ROW EXECUTE FUNCTION public.user_sync_follow();

-- Reads rows of a source that has our trigger, and stores them; answers how many were news. `rule` as in user_sync_record.
-- It acts as its owner, for sources are closed to everybody else.
CREATE OR REPLACE FUNCTION public.user_sync_pull(source text, ids text[], rule text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  provider text;
  id_type text;
  stored bigint;
BEGIN
  SELECT split_part(encode(t.tgargs, 'escape'), '\000', 1), format_type(a.atttypid, NULL) INTO provider, id_type
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attname = 'id'
  WHERE t.tgrelid = to_regclass(source) AND t.tgfoid = 'public.user_sync_mirror'::regproc;
  IF NOT FOUND THEN RAISE EXCEPTION '% has no trigger of ours.', source; END IF;
  EXECUTE format(
    'SELECT count(*) FILTER (WHERE public.user_sync_record(to_jsonb(u), $2, $3)) FROM %s u WHERE u.id = ANY ($1::%s[])',
    to_regclass(source), id_type) INTO stored USING ids, provider, rule;
  RETURN stored;
END $$;
REVOKE EXECUTE ON FUNCTION public.user_sync_pull(text, text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.user_sync_pull(text, text[], text) TO rollcall_system;
