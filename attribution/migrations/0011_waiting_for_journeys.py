from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose journeys are to be built again, without reading all the others."""

    atomic = False

    dependencies = [("attribution", "0010_person_walked_root")]

    operations = [
        AddIndexConcurrently(
            model_name="person",
            index=models.Index(
                fields=["workspace"],
                condition=models.Q(
                    ("root__isnull", False), ("walked_root__isnull", False), _connector="OR"
                ),
                name="attribution_person_merged",
            ),
        ),
        AddIndexConcurrently(
            model_name="touchpoint",
            index=models.Index(
                fields=["workspace"],
                condition=models.Q(("journey_id__isnull", True)),
                name="attribution_touch_waiting",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversion",
            index=models.Index(
                fields=["workspace"],
                condition=models.Q(("person__isnull", False), ("touches_before__isnull", True)),
                name="attribution_conv_unwalked",
            ),
        ),
    ]
