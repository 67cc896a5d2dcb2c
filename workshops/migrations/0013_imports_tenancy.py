"""Close the tables of imports, and keep every key inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("workshops", "0012_imports")]

    operations = [
        tenant_table("registration_imports"),
        tenant_table("registration_import_rows"),
        composite_key("registration_imports", "workshop_id", "workshops"),
        composite_key("registration_import_rows", "registration_import_id", "registration_imports"),
    ]
