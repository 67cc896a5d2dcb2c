"""Close the tables: what somebody takes part in is shown to them, or to their organization; the system writes."""

from django.db import migrations

from common.tenancy.contexts import SYSTEM_ROLE, TENANT_ROLE
from common.tenancy.operations import CURRENT_ORGANIZATION, CURRENT_USER

_OWN = f"company_id = {CURRENT_ORGANIZATION} OR person_id = {CURRENT_USER}"
_MINE = f"id IN (SELECT conversation_id FROM chat_participants WHERE {_OWN})"


def _closed(table: str, readable: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY participant ON {table} FOR SELECT TO {TENANT_ROLE} USING ({readable});
            CREATE POLICY system ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true);
        """,
        reverse_sql=f"""
            DROP POLICY participant ON {table};
            DROP POLICY system ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]

    operations = [
        _closed("chat_stream_identities", _OWN),
        _closed("chat_participants", _OWN),
        _closed("chat_conversations", _MINE),
    ]
