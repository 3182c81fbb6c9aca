from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models

JOINTS = "&+-./:<=>?@_~"


def words(field):
    return models.Func(
        models.F(field),
        models.Value(JOINTS),
        models.Value(" " * len(JOINTS)),
        function="translate",
        output_field=models.TextField(),
    )


class Migration(migrations.Migration):
    """Words of proposals, to search by their beginnings."""

    atomic = False

    dependencies = [("workspaces", "0012_proposal_queue_covers_filters")]

    operations = [
        AddIndexConcurrently(
            model_name="proposal",
            index=GinIndex(
                SearchVector(
                    words("subject_label"),
                    words("summary"),
                    words("proposer_label"),
                    words("subject_key"),
                    config="simple",
                ),
                gin_pending_list_limit=256,
                name="workspaces_proposal_words",
            ),
        ),
    ]
