"""Close the tables, and keep every key inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0001_initial")]

    operations = [
        tenant_table("whatsapp_sessions"),
        tenant_table("whatsapp_groups"),
        tenant_table("workshop_group_members"),
        tenant_table("whatsapp_sync_runs"),
        composite_key("whatsapp_groups", "whatsapp_session_id", "whatsapp_sessions"),
        composite_key("whatsapp_groups", "parent_id", "whatsapp_groups"),
        composite_key("workshop_group_members", "whatsapp_group_id", "whatsapp_groups"),
        composite_key("whatsapp_sync_runs", "group_id", "whatsapp_groups"),
    ]
