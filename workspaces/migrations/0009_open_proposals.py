"""What the list of open changes is read by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0008_held_plans"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("status__in", ["pending", "approved", "executing"])),
                fields=["workspace", "-id"],
                name="workspaces_proposal_open",
            ),
        ),
    ]
