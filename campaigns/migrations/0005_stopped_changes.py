"""What tells of attempts without effect. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0004_known_rows"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="adchangehistory",
            index=models.Index(
                fields=["workspace", "-completed_at", "-id"],
                condition=models.Q(("status", "applied"), _negated=True),
                name="campaigns_history_stopped",
            ),
        ),
    ]
