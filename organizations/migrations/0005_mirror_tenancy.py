"""A person outside any organization reads their live memberships and those live organizations, and no tombstones."""

from django.db import migrations

from common.tenancy.contexts import TENANT_ROLE
from common.tenancy.operations import CURRENT_ORGANIZATION, CURRENT_USER

_MINE = f"user_id = {CURRENT_USER}"


def _person(table: str, condition: str) -> str:
    using = f"{CURRENT_ORGANIZATION} IS NULL AND {condition}"
    return f"""
        DROP POLICY person ON {table};
        CREATE POLICY person ON {table} FOR SELECT TO {TENANT_ROLE} USING ({using});
    """


def _organizations(members: str) -> str:
    return f"id IN (SELECT organization_id FROM organization_members WHERE {members})"


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0004_clerk_mirror"),
    ]

    operations = [
        migrations.RunSQL(
            sql=_person("organization_members", f"deleted_at IS NULL AND {_MINE}"),
            reverse_sql=_person("organization_members", _MINE),
        ),
        migrations.RunSQL(
            sql=_person("organizations", f"deleted_at IS NULL AND {_organizations(f'deleted_at IS NULL AND {_MINE}')}"),
            reverse_sql=_person("organizations", _organizations(_MINE)),
        ),
    ]
