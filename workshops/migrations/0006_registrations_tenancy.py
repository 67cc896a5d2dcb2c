"""Close the tables of orders and registrations, and keep every key inside its organization."""

from django.db import migrations

from common.tenancy.operations import composite_key, tenant_table


class Migration(migrations.Migration):
    dependencies = [("workshops", "0005_registrations")]

    operations = [
        tenant_table("product_mappings"),
        tenant_table("product_codes"),
        tenant_table("registrations"),
        tenant_table("orders"),
        tenant_table("source_tokens"),
        composite_key("product_mappings", "workshop_id", "workshops"),
        composite_key("product_codes", "mapping_id", "product_mappings"),
        composite_key("registrations", "workshop_id", "workshops"),
        composite_key("registrations", "mapping_id", "product_mappings"),
        composite_key("orders", "mapping_id", "product_mappings"),
        composite_key("orders", "registration_id", "registrations"),
    ]
