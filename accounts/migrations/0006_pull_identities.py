"""Reading a real auth.users again, where its trigger could not do its work."""

from django.db import migrations

from accounts.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_repair_functions")]

    operations = [
        run_file("identities.sql", reverse_sql="DROP FUNCTION user_sync_pull(text, text[], text);"),
    ]
