"""What the calibration reads by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0005_ledger"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("measured_at__isnull", False)),
                fields=["workspace", "kind", "-measured_at", "-id"],
                name="workspaces_proposal_effects",
            ),
        ),
    ]
