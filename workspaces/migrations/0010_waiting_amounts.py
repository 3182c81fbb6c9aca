"""Which risks have an amount that the queue is asked for. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0009_open_proposals"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["workspace", "risk_order", "money_at_stake"],
                name="workspaces_proposal_amounts",
            ),
        ),
    ]
