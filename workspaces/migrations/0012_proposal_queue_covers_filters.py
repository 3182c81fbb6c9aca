from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The queue's order with all that the page filters by; it stands in for the one without."""

    atomic = False

    dependencies = [("workspaces", "0011_job_states")]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                models.F("workspace"),
                models.OrderBy(models.F("risk_order"), descending=True),
                models.OrderBy(models.F("expires_at")),
                models.OrderBy(models.F("id")),
                condition=models.Q(("status", "pending")),
                include=("kind", "proposer_key", "subject_key", "money_at_stake", "snoozed_until"),
                name="workspaces_proposal_in_queue",
            ),
        ),
        RemoveIndexConcurrently(model_name="proposal", name="workspaces_proposal_queue"),
    ]
