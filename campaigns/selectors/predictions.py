"""What campaigns are expected to return, and how far predictions came true."""

from __future__ import annotations

from django.db.models import Max, QuerySet

from campaigns.models import Prediction
from workspaces.models import Workspace


def newest_predictions(workspace: Workspace) -> QuerySet[Prediction]:
    """Predictions of the newest day that has any: one a campaign that still runs."""
    rows = Prediction.objects.filter(workspace=workspace)
    newest = rows.order_by().values("workspace").annotate(day=Max("day")).values("day")
    return rows.filter(day__in=newest).select_related("campaign")
