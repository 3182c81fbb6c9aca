"""What lists of one kind are read by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workspaces", "0011_risks"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                fields=["workspace", "kind", "-id"],
                name="workspaces_proposal_kind_ix",
            ),
        ),
    ]
