"""Close the history, and keep its keys inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0003_membership_history")]

    operations = [
        tenant_table("whatsapp_membership_events"),
        composite_key("whatsapp_membership_events", "group_id", "whatsapp_groups"),
        composite_key("whatsapp_membership_events", "member_id", "workshop_group_members"),
    ]
