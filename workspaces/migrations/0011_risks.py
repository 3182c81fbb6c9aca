"""What lists of one risk are read by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0010_waiting_amounts"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                fields=["workspace", "risk", "-id"],
                name="workspaces_proposal_risk_ix",
            ),
        ),
    ]
