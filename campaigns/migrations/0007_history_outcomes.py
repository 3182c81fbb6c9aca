"""What the history is filtered by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0006_safety_failures"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="adchangehistory",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["deferred", "throttled", "transient"]), _negated=True
                ),
                fields=["workspace", "status", "-id"],
                name="campaigns_history_outcome",
            ),
        ),
    ]
