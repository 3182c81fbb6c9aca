"""How much everybody has to answer. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inbox", "0005_rare_lists"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["workspace", "assignee", "-order_key", "-id"],
                include=("value_at_risk",),
                name="inbox_conversation_whose",
            ),
        ),
    ]
