"""The daily figures of a workspace as the scan for signals reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
from django.db.models import Sum

from campaigns.engine.signals.history import ChannelHistory, History
from campaigns.models import AdSet, Campaign, DailyOrganicMetric, DeliveryStatus
from campaigns.selectors.channel_days import Series, channel_days, channel_of
from campaigns.selectors.install_facts import RegionInstalls, region_installs
from workspaces.models import Workspace
from workspaces.periods import Period, yesterday_of
from workspaces.selectors import rates_of

FloatArray = npt.NDArray[np.float64]

# Four months: three weeks to learn what is usual, and a season to find events in.
SCAN_DAYS: Final = 120
# Budgets are known as they stand now, so only the newest days are held against them.
PLAN_DAYS: Final = 7


@dataclass(frozen=True)
class Scanned:
    """A history with its days and what money it is in; ``daily_plan`` is by channel, or empty.

    ``by_conversion`` names channels of which conversions are told where installs are of others.
    """

    days: tuple[date, ...]
    history: History
    daily_plan: dict[str, Decimal]
    by_conversion: frozenset[str] = frozenset()


def read_history(workspace: Workspace, *, now: datetime) -> Scanned | None:
    """Read the last four months to yesterday; ``None`` where nothing was spent in them.

    The newest day is the newest on which anything was reported, so that a late sync does not look
    like a standstill.
    """
    period = Period.ending(yesterday_of(workspace, now), SCAN_DAYS)
    series = [own for own in channel_days(workspace, period) if own.currency == workspace.currency]
    paid = [own for own in series if own.spend.any()]
    if not paid:
        return None
    reported = np.any([own.has_data for own in paid], axis=0)
    end = int(np.flatnonzero(reported)[-1]) + 1
    start = int(np.flatnonzero(reported)[0])
    shown = slice(start, end)
    plan = daily_plan(workspace, on=period.until)
    regions = region_installs(workspace, period)
    organic = _organic(workspace, period)
    channels = tuple(_channel(own, shown, plan, regions) for own in paid)
    days = paid[0].days[shown]
    weekdays = np.array([day.weekday() for day in days])
    history = History(
        weekdays,
        channels,
        organic["organic_installs"][shown],
        organic["social_mentions"][shown],
        organic["halo_share"][shown],
    )
    by_conversion = frozenset(own.key for own in paid if not own.installs.any())
    return Scanned(days, history, plan, by_conversion)


def _channel(
    own: Series,
    shown: slice,
    plan: Mapping[str, Decimal],
    regions: Mapping[str, RegionInstalls],
) -> ChannelHistory:
    there = regions.get(own.key)
    days = len(own.days[shown])
    planned = np.full(days, np.nan)
    if plan:
        planned[-PLAN_DAYS:] = float(plan.get(own.key, 0))
    # Where apps are not sold, a conversion is what an install is elsewhere.
    outcome = own.installs if own.installs.any() else own.conversions
    return ChannelHistory(
        key=own.key,
        spend=own.spend[shown],
        impressions=own.impressions[shown],
        clicks=own.clicks[shown],
        installs=outcome[shown],
        regions=there.regions if there else (),
        region_installs=there.installs[:, shown] if there else np.zeros((0, days)),
        reach=own.reach[shown],
        planned_spend=planned,
    )


def _organic(workspace: Workspace, period: Period) -> dict[str, FloatArray]:
    names = ("organic_installs", "social_mentions", "halo_share")
    known = {name: np.full(period.days, np.nan) for name in names}
    rows = DailyOrganicMetric.objects.filter(
        workspace=workspace, day__gte=period.since, day__lte=period.until
    ).values("day", *names)
    for row in rows:
        place = (row["day"] - period.since).days
        for name in names:
            known[name][place] = np.nan if row[name] is None else float(row[name])
    return known


def daily_plan(workspace: Workspace, *, on: date) -> dict[str, Decimal]:
    """Daily budgets in force by channel, in the workspace's currency.

    Empty where a running campaign has none, or one in money without a rate: then nobody knows what
    should have been spent.
    """
    running = Campaign.objects.filter(
        workspace=workspace, status=DeliveryStatus.ACTIVE, archived_at=None
    )
    own = running.select_related("account")
    sets = dict(
        AdSet.objects.filter(campaign__in=running, status=DeliveryStatus.ACTIVE, archived_at=None)
        .values_list("campaign")
        .annotate(total=Sum("daily_budget"))
    )
    rates = rates_of(workspace=workspace, currencies={row.account.currency for row in own}, on=on)
    plan: dict[str, Decimal] = {}
    shared: set[tuple[int, str]] = set()
    for row in own:
        budget, rate = row.daily_budget or sets.get(row.pk), rates.get(row.account.currency)
        if budget is None or rate is None:
            return {}
        # A Google budget that campaigns share is counted once.
        if (name := (row.account_id, row.budget_external_id)) in shared:
            continue
        if row.budget_external_id:
            shared.add(name)
        channel = channel_of(row)
        plan[channel] = plan.get(channel, Decimal(0)) + budget * rate
    return plan
