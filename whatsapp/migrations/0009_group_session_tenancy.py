"""Close the table of who sees which group, and keep its keys inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0008_group_sessions")]

    operations = [
        tenant_table("whatsapp_group_sessions"),
        composite_key("whatsapp_group_sessions", "group_id", "whatsapp_groups"),
        composite_key("whatsapp_group_sessions", "session_id", "whatsapp_sessions"),
    ]
