"""How an app is used: daily and monthly users, and who is still there after a week."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Avg, Case, Count, FloatField, Value, When

from attribution.models import UserInstall, UserSession
from workspaces.models import Workspace
from workspaces.periods import WEEKS_DAYS, Period

_WEEK: Final = timedelta(days=7)


def app_use(workspace: Workspace, period: Period) -> dict[str, float]:
    """Mean daily users, users and D7 retention of the last four weeks; empty without sessions."""
    weeks = Period.ending(period.until, WEEKS_DAYS)
    seen = UserSession.objects.filter(
        workspace=workspace, day__gte=weeks.since, day__lte=weeks.until
    )
    mau = seen.aggregate(count=Count("install_id", distinct=True))["count"]
    if not mau:
        return {}
    days = seen.values("day").annotate(count=Count("install_id", distinct=True)).order_by()
    # Only those whose seventh day is over.
    grown = UserInstall.objects.filter(
        workspace=workspace,
        installed_on__gte=weeks.since - _WEEK,
        installed_on__lte=weeks.until - _WEEK,
        active_on_day_7__isnull=False,
    )
    stayed = Case(When(active_on_day_7=True, then=Value(1.0)), default=Value(0.0),
                  output_field=FloatField())  # fmt: skip
    retention = grown.aggregate(mean=Avg(stayed))["mean"]
    told = {"dau": sum(row["count"] for row in days) / WEEKS_DAYS, "mau": float(mau)}
    return told if retention is None else {**told, "d7_retention": round(retention, 4)}
