"""What a workspace's campaigns did day by day, in one query and in its own currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import Case, DecimalField, F, FloatField, Max, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from campaigns.models import AdAccount, Campaign, DailyPerformance
from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.performance import days_of
from mlops.engine.learning.campaign_days import FIGURES, TRAITS, CampaignDays
from mlops.engine.learning.feature_rows import LONGEST_TEXT
from mlops.selectors.copying import copied
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import rates_of

#: What is longer is cut, as models are never asked about longer texts.
_TEXT: Final = f"<U{LONGEST_TEXT}"
_MONEY: Final = ("spend", "revenue")
_TEXTS: Final = {
    "channel": channel_key(),
    "audience": F("campaign__target_audience"),
    "segment": F("campaign__customer_segment"),
    "goal": F("campaign__goal"),
    "location": F("campaign__location"),
    "language": F("campaign__language"),
}
_TYPES: Final = (
    {"campaign_id": "int64", "day": "date32", "started_on": "date32"}
    | {f"trait_{name}": "string" for name in TRAITS}
    | {f"sum_{name}": "float64" for name in FIGURES}
)


def campaign_days(
    workspace: Workspace, *, since: date, until: date, campaigns: Sequence[int] | None = None
) -> CampaignDays:
    """Read the days from ``since`` to ``until`` of all campaigns whose results are trusted.

    Of those in ``campaigns`` alone where these are given.

    Left out are accounts whose conversions nobody trusts, and those in a currency without a
    rate: their money would be added to unlike money. Foreign money is converted at the newest
    rate, one for all days, so that no change of a rate looks like one of the advertising.
    """
    rows = _rows(workspace, Period(since=since, until=until), _rates(workspace, until))
    if campaigns is not None:
        rows = rows.filter(campaign__in=campaigns)
    query, given = rows.query.sql_with_params()
    columns, digest = copied(query, tuple(given), _TYPES)
    keys, first, campaign = np.unique(
        columns["campaign_id"], return_index=True, return_inverse=True
    )
    day, told = (columns[name].astype("datetime64[D]") for name in ("day", "started_on"))
    return CampaignDays(
        campaign=campaign,
        day=day,
        figures={name: columns[f"sum_{name}"].astype(np.float64) for name in FIGURES},
        keys=keys,
        # Where the campaign names no day, its first of these.
        started_on=np.where(np.isnat(told[first]), day[first], told[first]),
        traits={name: columns[f"trait_{name}"][first].astype(_TEXT) for name in TRAITS},
        sha256=digest,
    )


def newest_day(workspace: Workspace, today: date) -> date | None:
    """The last whole day before ``today`` that any campaign has figures of."""
    rows = DailyPerformance.objects.filter(workspace=workspace, day__lt=today)
    newest: date | None = rows.aggregate(newest=Max("day"))["newest"]
    return newest


def campaigns_by_id(workspace: Workspace, ids: Sequence[str]) -> dict[str, Campaign]:
    """Campaigns of the workspace by their public ids, as they are written; unknown ones are not."""
    asked = {text: _uuid(text) for text in ids}
    rows = Campaign.objects.filter(
        workspace=workspace, public_id__in={one for one in asked.values() if one}
    )
    known = {row.public_id: row for row in rows.only("id", "public_id", "name")}
    return {text: known[one] for text, one in asked.items() if one in known}


def running_campaigns(
    workspace: Workspace, today: date, *, most: int = 200
) -> list[tuple[UUID, str]]:
    """Public ids and names of those that spent in the last week that is known, the most first."""
    until = newest_day(workspace, today)
    if until is None:
        return []
    rows = (
        DailyPerformance.objects.filter(
            workspace=workspace, day__gt=until - timedelta(days=7), day__lte=until, spend__gt=0
        )
        .values_list("campaign__public_id", "campaign__name")
        .annotate(spent=Sum("spend"))
        .order_by("-spent", "campaign__name", "campaign__public_id")[:most]
    )
    return [(public_id, name) for public_id, name, _ in rows]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _rates(workspace: Workspace, on: date) -> dict[str, Any]:
    accounts = AdAccount.objects.filter(workspace=workspace).order_by()
    currencies = set(accounts.values_list("currency", flat=True).distinct())
    return dict(rates_of(workspace=workspace, currencies=currencies, on=on))


def _rows(
    workspace: Workspace, period: Period, rates: dict[str, Any]
) -> QuerySet[DailyPerformance, Any]:
    known = days_of(workspace, period).filter(
        account__has_usable_conversions=True, account__currency__in=rates
    )
    return (
        known.values(
            "campaign_id",
            "day",
            started_on=F("campaign__starts_on"),
            **{f"trait_{name}": text for name, text in _TEXTS.items()},
        )
        .annotate(**{f"sum_{name}": _sum(name, rates) for name in FIGURES})
        .order_by("campaign_id", "day")
    )


def _sum(name: str, rates: dict[str, Any]) -> Cast:
    total: Any = Sum(name)
    if name in _MONEY:
        rate = Case(
            *(When(account__currency=code, then=Value(rate)) for code, rate in rates.items()),
            output_field=DecimalField(),
        )
        total = Sum(F(name) * rate)
    return Cast(total, FloatField())
