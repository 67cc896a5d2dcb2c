"""A repair finds the states of its people by hashing, not by comparing each with each."""

from django.db import migrations

from accounts.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_names")]

    operations = [run_file("status.sql"), run_file("repair.sql")]
