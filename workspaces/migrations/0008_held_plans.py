"""What tells of plans that a check holds. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0007_closing"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="plan",
            index=models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(
                    ("verdict__contains", [{"verdict": "deferred"}]),
                    ("verdict__contains", [{"verdict": "blocked"}]),
                    _connector="OR",
                ),
                name="workspaces_plan_held",
            ),
        ),
    ]
