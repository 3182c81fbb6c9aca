from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """How the changes of one proposer turned out, without reading those not measured."""

    atomic = False

    dependencies = [("workspaces", "0013_proposal_words")]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=models.Index(
                fields=["workspace", "proposer_key", "-id"],
                condition=models.Q(("measured_at__isnull", False), ("status", "executed")),
                name="workspaces_proposal_measured",
            ),
        ),
    ]
