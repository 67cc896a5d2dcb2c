"""Close the tables: an organization sees itself, a person their own memberships and those organizations."""

from django.db import migrations

from common.tenancy.operations import CURRENT_USER, composite_key, tenant_table

_MINE = f"user_id = {CURRENT_USER}"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("organizations", "0002_community_session"),
        ("whatsapp", "0001_initial"),
    ]

    operations = [
        tenant_table("organization_members", person_reads=_MINE),
        tenant_table(
            "organizations",
            key="id",
            person_reads=f"id IN (SELECT organization_id FROM organization_members WHERE {_MINE})",
        ),
        composite_key("organizations", "community_session_id", "whatsapp_sessions", organization="id"),
    ]
