"""A merge that rows of both sides stand in the way of says so in words."""

from django.db import migrations

from accounts.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_fix_one_closure")]

    operations = [run_file("repair.sql")]
