"""What lists of one sort of change are read by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0007_history_outcomes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="pendingadchange",
            index=models.Index(
                fields=["workspace", "change_type", "-proposal"],
                name="campaigns_change_type",
            ),
        ),
    ]
