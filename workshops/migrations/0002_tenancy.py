"""Close the tables, and keep every key inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("workshops", "0001_initial"), ("whatsapp", "0002_tenancy")]

    operations = [
        tenant_table("workshops"),
        tenant_table("workshop_communities"),
        tenant_table("workshop_whatsapp_groups"),
        composite_key("workshops", "community_group_id", "whatsapp_groups"),
        composite_key("workshop_communities", "workshop_id", "workshops"),
        composite_key("workshop_communities", "session_id", "whatsapp_sessions"),
        composite_key("workshop_communities", "parent_group_id", "whatsapp_groups"),
        composite_key("workshop_whatsapp_groups", "workshop_id", "workshops"),
        composite_key("workshop_whatsapp_groups", "whatsapp_group_id", "whatsapp_groups"),
    ]
