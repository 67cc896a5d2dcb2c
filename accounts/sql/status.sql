-- How the identity provider and app_users agree, person by person.
--
-- A person is an identity, living or buried, or an app user that belongs to none. An app user belongs to the identity that
-- has confirmed its e-mail when that is one to one and nothing speaks against it; else to the identity of its id. Those
-- that belong elsewhere than where they are (`movers`) form paths and cycles of ids: each target has one mover at most.
--
-- `among` narrows the question to some ids, which must be a whole user_sync_closure(); NULL asks for everybody. It is
-- a plain SELECT so that the planner sees through it, which is why `among` must be a value: a call in its place would
-- run again for each person of the table.

CREATE OR REPLACE FUNCTION public.user_sync_states(among text[])
RETURNS TABLE (
  user_id text, state text, auth_id text, app_id text, occupant_id text, auth_email text, app_email text, ending text,
  created_at timestamptz)
LANGUAGE sql STABLE AS $$
WITH RECURSIVE
auth AS NOT MATERIALIZED (
  SELECT a.id, a.email, a.email_key, a.deleted_at, a.created_at FROM public.auth_users a
  WHERE among IS NULL OR a.id = ANY (among)
),
app AS NOT MATERIALIZED (
  SELECT p.id, p.email, p.email_key, p.deleted_in_auth_at, p.created_at FROM public.app_users p
  WHERE among IS NULL OR p.id = ANY (among)
),
-- Everybody but those with one id and one e-mail on both sides, or one id and no e-mail to compare.
open AS MATERIALIZED (
  SELECT a.id AS auth_id, a.email AS auth_email, a.email_key AS auth_key, a.deleted_at IS NOT NULL AS is_buried,
         p.id AS app_id, p.email AS app_email, p.email_key AS app_key, p.deleted_in_auth_at IS NOT NULL AS is_left,
         coalesce(a.created_at, p.created_at) AS created_at
  FROM auth a FULL JOIN app p ON p.id = a.id
  WHERE (a.id = p.id AND a.deleted_at IS NULL AND a.email_key IS NOT DISTINCT FROM p.email_key) IS NOT TRUE
),
keys AS (SELECT auth_key AS email_key FROM open UNION SELECT app_key FROM open),
auth_holders AS MATERIALIZED (
  SELECT email_key, count(*) AS number, min(id) AS id FROM auth
  WHERE email_key IN (SELECT email_key FROM keys) GROUP BY email_key
),
app_holders AS MATERIALIZED (
  SELECT email_key, count(*) AS number FROM app WHERE email_key IN (SELECT email_key FROM keys) GROUP BY email_key
),
movers AS MATERIALIZED (
  SELECT o.app_id, o.app_email, h.id AS target
  FROM open o
  JOIN auth_holders h ON h.email_key = o.app_key AND h.number = 1
  JOIN app_holders k ON k.email_key = o.app_key AND k.number = 1
  -- Who sits on an identity that is buried or has proven no e-mail may be that identity's after all.
  WHERE o.app_id IS NOT NULL AND (o.auth_key IS NOT NULL OR o.auth_id IS NULL AND NOT o.is_left)
),
-- From the ends of the paths backwards; who is never reached is in a cycle.
paths AS (
  SELECT m.app_id, CASE WHEN t.app_id IS NULL THEN 'free' WHEN h.number > 0 THEN 'blocked' ELSE 'merge' END AS ending
  FROM movers m
  JOIN open t ON t.auth_id = m.target
  LEFT JOIN movers n ON n.app_id = t.app_id
  LEFT JOIN auth_holders h ON h.email_key = t.app_key
  WHERE n.app_id IS NULL
  UNION ALL
  SELECT m.app_id, p.ending FROM paths p JOIN movers m ON m.target = p.app_id
),
moves AS (
  SELECT m.app_id, m.app_email, m.target, coalesce(p.ending, 'cycle') AS ending
  FROM movers m LEFT JOIN paths p ON p.app_id = m.app_id
)
SELECT a.id, 'SYNCED', a.id, p.id, NULL, a.email, p.email, NULL, a.created_at
FROM auth a JOIN app p ON p.id = a.id
WHERE a.deleted_at IS NULL AND a.email_key IS NOT DISTINCT FROM p.email_key
UNION ALL
SELECT coalesce(o.auth_id, o.app_id),
  CASE
    WHEN o.auth_id IS NULL THEN
      CASE WHEN o.is_left THEN 'DELETED_IN_AUTH' WHEN own.number > 0 THEN 'AMBIGUOUS' ELSE 'ORPHAN_APP_USER' END
    WHEN o.is_buried THEN 'DELETED_IN_AUTH'
    WHEN comes.ending = 'cycle' THEN 'SWAPPED'
    WHEN comes.ending = 'free' THEN 'ID_MISMATCH'
    WHEN comes.ending = 'blocked' AND goes.app_id IS NULL THEN 'AMBIGUOUS'
    WHEN comes.ending IS NOT NULL THEN 'TARGET_OCCUPIED'
    WHEN o.app_id IS NULL OR goes.app_id IS NOT NULL THEN
      CASE WHEN o.auth_key IS NULL THEN 'UNMATCHABLE'
           WHEN same.number > 1 OR held.number > 0 THEN 'AMBIGUOUS'
           WHEN goes.ending IN ('merge', 'blocked') THEN 'TARGET_OCCUPIED'
           ELSE 'MISSING_APP_USER' END
    WHEN own.number > 0 THEN 'AMBIGUOUS'
    WHEN o.auth_key IS NULL OR same.number > 1 AND o.app_key IS NULL THEN 'SYNCED'
    WHEN same.number > 1 OR held.number > 0 THEN 'AMBIGUOUS'
    ELSE 'EMAIL_DRIFT'
  END,
  o.auth_id,
  CASE WHEN comes.app_id IS NOT NULL THEN comes.app_id WHEN goes.app_id IS NULL THEN o.app_id END,
  CASE WHEN comes.app_id IS NOT NULL OR goes.app_id IS NOT NULL THEN o.app_id END,
  o.auth_email,
  CASE WHEN comes.app_id IS NOT NULL THEN comes.app_email WHEN goes.app_id IS NULL THEN o.app_email END,
  coalesce(comes.ending, goes.ending), o.created_at
FROM open o
LEFT JOIN moves comes ON comes.target = o.auth_id
LEFT JOIN moves goes ON goes.app_id = o.app_id
LEFT JOIN auth_holders same ON same.email_key = o.auth_key
LEFT JOIN auth_holders own ON own.email_key = o.app_key
LEFT JOIN app_holders held ON held.email_key = o.auth_key
WHERE o.auth_id IS NOT NULL OR goes.app_id IS NULL
$$;

-- The same for a repair: of some ids, most of which wait. The planner, which takes e-mails and ids for independent,
-- expects a handful and would compare each with each; joins by hashing cost the same however many there are.
CREATE OR REPLACE FUNCTION public.user_sync_states_of(among text[])
RETURNS TABLE (
  user_id text, state text, auth_id text, app_id text, occupant_id text, auth_email text, app_email text, ending text,
  created_at timestamptz)
LANGUAGE plpgsql STABLE SET enable_nestloop = off AS $$
BEGIN
  RETURN QUERY SELECT * FROM public.user_sync_states(among);
END $$;

CREATE OR REPLACE VIEW public.user_sync_status WITH (security_invoker = true) AS
SELECT user_id, state, auth_id, app_id, occupant_id, auth_email, app_email, ending, created_at
FROM public.user_sync_states(NULL);

-- All ids that hang together with these ids and e-mails, by id or by e-mail: what a repair of one may touch.
CREATE OR REPLACE FUNCTION public.user_sync_closure(ids text[], emails text[]) RETURNS text[]
LANGUAGE sql STABLE AS $$
WITH RECURSIVE seen (kind, value) AS (
  (SELECT 'id', unnest(ids) UNION SELECT 'email', unnest(emails))
  UNION
  SELECT found.kind, found.value FROM seen CROSS JOIN LATERAL (
    SELECT 'email', email_key FROM public.auth_users
    WHERE seen.kind = 'id' AND id = seen.value AND email_key IS NOT NULL
    UNION ALL
    SELECT 'email', email_key FROM public.app_users
    WHERE seen.kind = 'id' AND id = seen.value AND email_key IS NOT NULL
    UNION ALL
    SELECT 'id', id FROM public.auth_users WHERE seen.kind = 'email' AND email_key = seen.value
    UNION ALL
    SELECT 'id', id FROM public.app_users WHERE seen.kind = 'email' AND email_key = seen.value
  ) AS found (kind, value)
)
SELECT coalesce(array_agg(value), '{}') FROM seen WHERE kind = 'id' AND value IS NOT NULL
$$;
