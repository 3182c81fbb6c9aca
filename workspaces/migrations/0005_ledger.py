"""What the ledger reads by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0004_agents"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                F("workspace"),
                F("executed_at").desc(),
                F("id").desc(),
                condition=models.Q(("executed_at__isnull", False)),
                include=["kind", "proposer_key", "status", "subject_key", "measured_at"],
                name="workspaces_proposal_ledger",
            ),
        ),
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                F("workspace"),
                F("updated_at").desc(),
                F("id").desc(),
                condition=models.Q(("status", "failed")),
                include=["kind", "proposer_key", "subject_key"],
                name="workspaces_proposal_failed",
            ),
        ),
    ]
