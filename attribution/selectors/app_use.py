"""How an app is used: daily and monthly users, and who is still there after a week."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Sum

from attribution.models import AppCohort, AppDay
from workspaces.models import Workspace
from workspaces.periods import WEEKS_DAYS, Period

_WEEK: Final = timedelta(days=7)


def app_use(workspace: Workspace, period: Period) -> dict[str, float]:
    """Mean daily users, users of 30 days and D7 retention of the last four weeks, where known."""
    weeks = Period.ending(period.until, WEEKS_DAYS)
    days = AppDay.objects.filter(
        workspace=workspace, day__gte=weeks.since, day__lte=weeks.until
    ).values_list("day", "active", "active_30")
    active = sum(row[1] for row in days)
    if not active:
        return {}
    newest = max(row[0] for row in days)
    told = {
        "dau": round(active / WEEKS_DAYS, 1),
        "mau": float(sum(row[2] for row in days if row[0] == newest)),
    }
    # Only those whose seventh day is over.
    grown = AppCohort.objects.filter(
        workspace=workspace,
        retained_7__isnull=False,
        installed_on__gte=weeks.since - _WEEK,
        installed_on__lte=weeks.until - _WEEK,
    ).aggregate(users=Sum("users"), stayed=Sum("retained_7"))
    if grown["users"]:
        told["d7_retention"] = round(grown["stayed"] / grown["users"], 4)
    return told
