"""App users follow the mirror of the identity provider."""

from django.db import migrations

from accounts.sql import run_file

_UNDO = """
DROP TRIGGER user_sync_follow ON auth_users;
DROP FUNCTION IF EXISTS user_sync_follow, user_sync_mirror, user_sync_provision, user_sync_refresh, user_sync_create,
  user_sync_usernames, user_sync_claim, user_sync_bury, user_sync_record, user_sync_fail;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_identities")]

    operations = [run_file("identities.sql", reverse_sql=_UNDO)]
