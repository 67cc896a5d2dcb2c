"""Close the table of tags, and keep a workshop's tag inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("workshops", "0008_life_and_tags")]

    operations = [
        tenant_table("workshop_tags"),
        composite_key("workshops", "tag_id", "workshop_tags"),
    ]
