"""The view of everybody's state, and the functions that repair it."""

from django.db import migrations

from accounts.sql import run_file
from common.tenancy.contexts import SYSTEM_ROLE

#: To own something in a schema, a role must be allowed to create there: the owner lends that for a moment.
_BECOME_SYSTEM = f"GRANT CREATE ON SCHEMA public TO {SYSTEM_ROLE}; SET LOCAL ROLE {SYSTEM_ROLE};"
_BECOME_OWNER = f"""
DO $$ BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION public.fix_user_id_mismatch(text, boolean) TO %I', session_user);
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM {SYSTEM_ROLE};
"""
_UNDO = """
DROP VIEW user_sync_status;
DO $$
DECLARE found regprocedure;
BEGIN
  FOR found IN
    SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname IN (
      'user_sync_states', 'user_sync_states_of', 'user_sync_closure', 'user_sync_keys', 'user_sync_references', 'user_sync_check_keys',
      'user_sync_condition', 'user_sync_held', 'user_sync_count', 'user_sync_rekey', 'user_sync_move',
      'user_sync_merge', 'user_sync_primary_key', 'user_sync_merge_place', 'user_sync_resolve', 'user_sync_stamp',
      'user_sync_unique_keys', 'user_sync_check_left', 'user_sync_why', 'user_sync_merge_all',
      'user_sync_provision_all', 'user_sync_repair', 'user_sync_undo', 'user_sync_undone_with', 'user_sync_undo_rekey',
      'user_sync_insert', 'user_sync_restore', 'user_sync_undo_merge', 'user_sync_undo_create', 'user_sync_undo_email')
  LOOP EXECUTE format('DROP FUNCTION %s', found); END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_repairs")]

    operations = [
        run_file("status.sql", reverse_sql=_UNDO),
        run_file("references.sql"),
        run_file("repair.sql"),
        run_file("undo.sql"),
        migrations.RunSQL(_BECOME_SYSTEM, _BECOME_SYSTEM),
        run_file("fix_one.sql", reverse_sql="DROP FUNCTION public.fix_user_id_mismatch(text, boolean);"),
        migrations.RunSQL(_BECOME_OWNER, f"RESET ROLE; REVOKE CREATE ON SCHEMA public FROM {SYSTEM_ROLE};"),
    ]
