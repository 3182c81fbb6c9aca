"""What lists of what was done are read by. Built beside the traffic: no writer waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inbox", "0007_loads_once"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversationevent",
            index=models.Index(fields=["workspace", "-id"], name="inbox_conversationevent_newest"),
        ),
    ]
