"""The newest days of a workspace's campaigns and channels, as rules of alerts read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import Count, F, Q, Sum

from campaigns.engine.alerting import AMOUNTS, FACTS, Book
from campaigns.engine.alerting.book import FloatArray
from campaigns.models import (
    Ad,
    AdSet,
    AlertScope,
    Campaign,
    DailyPerformance,
    DeliveryStatus,
    Prediction,
)
from campaigns.selectors.channel_days import Series, channel_days, channel_key
from campaigns.selectors.channels import channels_of
from campaigns.selectors.pages import value_field
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import rates_of

# What platforms call an ad that they refused: Meta, TikTok, LinkedIn.
REFUSED: Final = r"DISAPPROVED|REJECT|AUDIT_DENY"
# A prediction that ended longer ago says nothing of the model as it is.
JUDGED_WITHIN: Final = timedelta(days=21)
_ON: Final = {"status": DeliveryStatus.ACTIVE, "archived_at": None}


@dataclass(frozen=True)
class Subject:
    """What a reading is about: a campaign, or a whole channel."""

    channel: str
    campaign_id: int | None
    label: str


@dataclass(frozen=True)
class Shelf:
    """A book and whose rows it has."""

    subjects: tuple[Subject, ...]
    book: Book


def read_shelves(workspace: Workspace, *, today: date, days: int) -> dict[AlertScope, Shelf]:
    """Read so many days to the running one, of running campaigns and of all channels.

    A handful of queries, however many campaigns there are.
    """
    series = channel_days(workspace, Period.ending(today, days), by="campaign")
    return {
        AlertScope.CAMPAIGN: _of_campaigns(workspace, series, today=today, days=days),
        AlertScope.CHANNEL: _of_channels(workspace, series, days),
    }


def _of_campaigns(
    workspace: Workspace, series: Sequence[Series], *, today: date, days: int
) -> Shelf:
    rows = list(
        Campaign.objects.filter(workspace=workspace, **_ON)
        .annotate(channel_key=channel_key(""), currency=F("account__currency"))
        .order_by("pk")
        .values("pk", "name", "channel_key", "currency", "account_id", "daily_budget",
                "budget_external_id", whole=F("total_budget"), lifetime=F("lifetime_budget"))
    )  # fmt: skip
    by_campaign = {own.campaign_id: own for own in series}
    found = [by_campaign.get(row["pk"]) for row in rows]
    book = _book(
        [[own] if own else [] for own in found],
        days,
        workspace=workspace,
        used=_daily_budget_used(workspace, rows, found, today=today, days=days),
        facts=_facts(workspace, rows, today),
    )
    subjects = tuple(Subject(row["channel_key"], row["pk"], row["name"]) for row in rows)
    return Shelf(subjects, book)


def _of_channels(workspace: Workspace, series: Sequence[Series], days: int) -> Shelf:
    groups: dict[str, list[Series]] = {}
    for own in series:
        # Money without a rate is in no sum of the channel.
        if own.currency == workspace.currency:
            groups.setdefault(own.channel, []).append(own)
    unknown = np.full((len(groups), days), np.nan)
    facts = {name: np.full(len(groups), np.nan) for name in FACTS}
    book = _book(list(groups.values()), days, workspace=workspace, used=unknown, facts=facts)
    channels = channels_of(workspace)
    subjects = tuple(Subject(key, None, channels.label(key)) for key in groups)
    return Shelf(subjects, book)


def _book(
    groups: Sequence[Sequence[Series]],
    days: int,
    *,
    workspace: Workspace,
    used: FloatArray,
    facts: Mapping[str, FloatArray],
) -> Book:
    # Where deals take weeks, what is earned is the worth of the pipeline.
    earned = value_field(workspace)
    amounts = {name: np.zeros((len(groups), days)) for name in AMOUNTS}
    has_data = np.zeros((len(groups), days), dtype=np.bool_)
    for place, group in enumerate(groups):
        for own in group:
            has_data[place] |= own.has_data
            for name, values in amounts.items():
                if not name.startswith("known_"):
                    values[place] += getattr(own, earned if name == "revenue" else name)
            if own.has_usable_conversions:
                amounts["known_spend"][place] += own.spend
                amounts["known_clicks"][place] += own.clicks
    is_home = np.array(
        [all(own.currency == workspace.currency for own in group) for group in groups], np.bool_
    )
    return Book(amounts, has_data, used, facts, is_home)


def _daily_budget_used(
    workspace: Workspace,
    rows: Sequence[Mapping[str, Any]],
    found: Sequence[Series | None],
    *,
    today: date,
    days: int,
) -> FloatArray:
    """Spend over the daily budget in force: the campaign's, or that of its ad sets together.

    A Google budget that campaigns share is held against what they spend together, once.
    """
    budgets = _budgets_of_sets(rows)
    rates = rates_of(workspace=workspace, currencies={row["currency"] for row in rows}, on=today)
    used = np.full((len(rows), days), np.nan)
    first: dict[tuple[int, str], int] = {}
    for place, (row, own) in enumerate(zip(rows, found, strict=True)):
        budget = row["daily_budget"] or budgets.get(row["pk"])
        if not budget or own is None:
            continue
        # Without a rate, spend stands in the account's own money, as the budget does.
        amount = float(budget * rates.get(row["currency"], Decimal(1)))
        shared = (row["account_id"], row["budget_external_id"])
        owner = first.setdefault(shared, place) if row["budget_external_id"] else place
        if owner == place:
            used[place] = 0.0
        used[owner] += own.spend / amount
    return used


def _budgets_of_sets(rows: Sequence[Mapping[str, Any]]) -> dict[int, Decimal]:
    without = [row["pk"] for row in rows if row["daily_budget"] is None]
    sets = AdSet.objects.filter(campaign__in=without, daily_budget__gt=0, **_ON)
    return dict(sets.order_by().values_list("campaign").annotate(total=Sum("daily_budget")))


def _facts(
    workspace: Workspace, rows: Sequence[Mapping[str, Any]], today: date
) -> dict[str, FloatArray]:
    whole = {row["pk"]: row["whole"] or row["lifetime"] for row in rows}
    budgets = {pk: budget for pk, budget in whole.items() if budget}
    return {
        "total_budget_used": _column(rows, _total_used(budgets)),
        "prediction_error": _column(rows, _prediction_errors(workspace, today)),
        "disapproved_ads": _column(rows, _refused_ads(workspace, whole)),
    }


def _column(rows: Sequence[Mapping[str, Any]], known: Mapping[int, float]) -> FloatArray:
    return np.array([known.get(row["pk"], np.nan) for row in rows], dtype=np.float64)


def _total_used(budgets: Mapping[int, Decimal]) -> dict[int, float]:
    """Spend of all days over the budget of the whole run, both in the account's money."""
    if not budgets:
        return {}
    spent = dict(
        DailyPerformance.objects.filter(campaign__in=budgets, level=F("account__summing_level"))
        .order_by()
        .values_list("campaign")
        .annotate(total=Sum("spend"))
    )
    return {pk: float(spent.get(pk, Decimal(0)) / budget) for pk, budget in budgets.items()}


def _prediction_errors(workspace: Workspace, today: date) -> dict[int, float]:
    """How far the newest prediction whose days are over was off, over what came."""
    rows = (
        Prediction.objects.filter(
            workspace=workspace, actual_roas__gt=0, day__gte=today - JUDGED_WITHIN
        )
        .order_by("campaign", "-day")
        .distinct("campaign")
        .values_list("campaign", "predicted_roas", "actual_roas")
    )
    return {pk: abs(told - came) / came for pk, told, came in rows}


def _refused_ads(workspace: Workspace, campaigns: Iterable[int]) -> dict[int, float]:
    rows = (
        Ad.objects.filter(
            Q(ad_set=None) | Q(ad_set__status=DeliveryStatus.ACTIVE),
            workspace=workspace,
            campaign__status=DeliveryStatus.ACTIVE,
            **_ON,
        )
        .order_by()
        .values_list("campaign")
        .annotate(refused=Count("pk", filter=Q(effective_status__iregex=REFUSED)))
    )
    known = dict.fromkeys(campaigns, 0.0)
    return known | {pk: float(count) for pk, count in rows}
