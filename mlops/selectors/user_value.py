"""What new users are expected to be worth, from the daily scores of the model that serves."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from attribution.models import AppCohort
from mlops.models import ModelStage, ScoreDay
from workspaces.models import Workspace
from workspaces.periods import Period

_CENT = Decimal("0.01")


def mean_predicted_value(workspace: Workspace, period: Period) -> Decimal | None:
    """Mean value of 180 days of those who installed in a period and whose first week is over.

    What they brought in that week, which is known, and what the champion predicts of the days after
    it; ``None`` while none serves or nobody of the period is scored.
    """
    scored = ScoreDay.objects.filter(
        workspace=workspace,
        version__name="ltv",
        version__stage=ModelStage.CHAMPION,
        began_on__range=(period.since, period.until),
    )
    found = scored.aggregate(users=Sum("users"), later=Sum("total"))
    if not found["users"]:
        return None
    first_week = AppCohort.objects.filter(
        workspace=workspace, installed_on__in=scored.values("began_on")
    ).aggregate(money=Sum("revenue_7", default=Decimal(0)))
    total: Decimal = Decimal(str(round(found["later"], 6))) + first_week["money"]
    return (total / int(found["users"])).quantize(_CENT)
