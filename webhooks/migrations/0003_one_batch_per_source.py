from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0002_alarms"),
    ]

    operations = [
        # What they name is still due, and handled by whoever comes next.
        migrations.RunSQL("DELETE FROM webhook_batches", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("source",), name="webhook_batches_one_per_source"),
        ),
    ]
