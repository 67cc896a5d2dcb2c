-- For operators in psql. Owned by rollcall_system, so that row-level security shows it every child row.

CREATE OR REPLACE FUNCTION public.fix_user_id_mismatch(email text, apply boolean DEFAULT false)
RETURNS TABLE (user_id text, state text, app_id text, outcome text, message text, moves jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  among text[] := public.user_sync_closure('{}', ARRAY[lower(btrim(email))]);
  run uuid := gen_random_uuid();
BEGIN
  RETURN QUERY
  SELECT s.user_id, s.state, s.app_id,
         CASE WHEN s.state IN ('ID_MISMATCH', 'SWAPPED', 'MISSING_APP_USER', 'EMAIL_DRIFT') THEN 'would be repaired'
              WHEN s.state = 'SYNCED' THEN 'in step' ELSE 'refused' END,
         public.user_sync_why(s.state, s.ending),
         (SELECT jsonb_object_agg(c.place, c.number) FROM public.user_sync_count(ARRAY[s.app_id]) c)
  FROM public.user_sync_states(among) s WHERE NOT apply;
  IF apply THEN
    RETURN QUERY
    SELECT r.user_id, r.state, a.old_id, r.outcome, r.message, a.counts
    FROM public.user_sync_repair(among, 'refuse', run, 'sql:' || session_user, 'fix_user_id_mismatch') r
    LEFT JOIN public.user_sync_audit a ON a.id = r.audit_id;
    among := public.user_sync_closure(among, '{}');
    RETURN QUERY
    SELECT s.user_id, s.state, s.app_id, 'refused', public.user_sync_why(s.state, s.ending), NULL::jsonb
    FROM public.user_sync_states(among) s WHERE s.state <> 'SYNCED';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION public.fix_user_id_mismatch(text, boolean) FROM PUBLIC;
