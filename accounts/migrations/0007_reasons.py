"""`user_sync_why` says what is wrong, also where a repair is automatic."""

from django.db import migrations

from accounts.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_pull_identities")]

    operations = [run_file("repair.sql")]
