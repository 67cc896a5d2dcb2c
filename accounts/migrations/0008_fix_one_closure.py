"""`fix_user_id_mismatch` asks once who hangs together, not once for each person of the table."""

from django.db import migrations

from accounts.sql import run_file
from common.tenancy.contexts import SYSTEM_ROLE

#: It runs with its owner's rights, and only that role may replace it.
_BECOME_SYSTEM = f"GRANT CREATE ON SCHEMA public TO {SYSTEM_ROLE}; SET LOCAL ROLE {SYSTEM_ROLE};"
_BECOME_OWNER = f"RESET ROLE; REVOKE CREATE ON SCHEMA public FROM {SYSTEM_ROLE};"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_reasons")]

    operations = [
        migrations.RunSQL(_BECOME_SYSTEM, migrations.RunSQL.noop),
        run_file("fix_one.sql"),
        migrations.RunSQL(_BECOME_OWNER, migrations.RunSQL.noop),
    ]
