"""What a model gives to channels, campaigns and ads over a period, with what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce, Lower, NullIf, TruncDate

from attribution.engine.journeys import FloatArray, Journeys
from attribution.engine.multi_touch import journeys_credit, journeys_intervals
from attribution.models import AttributionModel, CreditLevel, Method, Touchpoint
from attribution.selectors.conversions import day_starts
from attribution.selectors.journey_shapes import shapes_of
from attribution.selectors.journeys import JourneySet, Units, channel_names
from campaigns import metrics
from campaigns.selectors.performance import days_of
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import convert

# They learn from all journeys together, so other journeys would have moved them.
WITH_INTERVALS: Final = (Method.MARKOV, Method.SHAPLEY)
SEED: Final = 0
_STEP = Decimal("0.000001")
Unit = tuple[int, int, int]


@dataclass(frozen=True)
class Line:
    """Credit of one channel, campaign or ad; keys of rows, 0 for none."""

    unit: Unit
    conversions: float
    revenue: Decimal
    cost: Decimal | None
    share: float
    conversions_low: float | None = None
    conversions_high: float | None = None
    revenue_low: Decimal | None = None
    revenue_high: Decimal | None = None

    @property
    def roas(self) -> Decimal | None:
        """Revenue over cost."""
        return None if self.cost is None else metrics.roas(self.revenue, self.cost)

    @property
    def roi(self) -> Decimal | None:
        """Revenue less cost, over cost."""
        return None if self.cost is None else metrics.roi(self.revenue, self.cost)

    @property
    def cost_per_conversion(self) -> Decimal | None:
        """What one credited conversion cost."""
        if self.cost is None or self.conversions <= 0:
            return None
        return self.cost / Decimal(str(self.conversions))


class Ledger:
    """Journeys of a period and what was spent in it, looked at by several models."""

    def __init__(self, workspace: Workspace, period: Period, journeys: JourneySet) -> None:
        self.workspace, self.period, self.journeys = workspace, period, journeys
        self._levels: dict[str, tuple[Journeys, Units]] = {}

    @cached_property
    def revenue(self) -> Decimal:
        """Money of all conversions."""
        return Decimal(int(self.journeys.micros.sum())) * _STEP

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """Top paths, lengths and times."""
        return shapes_of(self.journeys)

    @cached_property
    def spend(self) -> dict[Unit, Decimal]:
        """What each ad cost; campaigns and channels where nothing finer is known."""
        return spend_of(self.workspace, self.period, self.journeys.names)

    def lines(
        self, model: AttributionModel, level: str, *, with_intervals: bool = False
    ) -> list[Line]:
        """Credit of everybody who was touched or paid, the most conversions first."""
        if level not in self._levels:
            self._levels[level] = self.journeys.at_level(level)
        journeys, units = self._levels[level]
        table = journeys_credit(journeys, model=model.method, seed=SEED, **options_of(model))
        given = table["conversions"].to_numpy(), table["value"].to_numpy()
        low_high = None
        if with_intervals and model.method in WITH_INTERVALS and len(units) > 1:
            low_high = journeys_intervals(
                journeys, model=model.method, order=model.order, seed=SEED,
                replicates=settings.ATTRIBUTION_REPLICATES,
            ).to_numpy()  # fmt: skip
        return self._lines(units, *given, low_high, level)

    def _lines(
        self,
        units: Units,
        conversions: FloatArray,
        values: FloatArray,
        low_high: FloatArray | None,
        level: str,
    ) -> list[Line]:
        costs = rolled_up(self.spend, level)
        money = rounded(values, self.revenue)
        total = conversions.sum()
        lines = [
            Line(
                unit=unit,
                conversions=float(conversions[place]),
                revenue=money[place],
                cost=costs.pop(unit, None),
                share=float(conversions[place] / total) if total else 0.0,
                **({} if low_high is None else _bounds(low_high[place])),
            )
            for place, unit in enumerate(units)
        ]
        lines += [Line(unit, 0.0, Decimal(0), cost, 0.0) for unit, cost in costs.items()]
        return sorted(lines, key=lambda line: (-line.conversions, line.unit))


def options_of(model: AttributionModel) -> dict[str, Any]:
    """Settings of a model as the engine takes them."""
    return {
        "order": model.order,
        "half_life_days": model.half_life_days,
        "weights": tuple(model.weights) or None,
    }


def rounded(values: FloatArray, total: Decimal) -> list[Decimal]:
    """Money at six decimals that adds up to the total; the largest takes the remainder."""
    money = [Decimal(repr(float(value))).quantize(_STEP) for value in values]
    if money:
        largest = int(np.argmax(values))
        money[largest] += total - sum(money, Decimal(0))
    return money


def _bounds(row: FloatArray) -> dict[str, Any]:
    low, high, money_low, money_high = (float(bound) for bound in row)
    return {
        "conversions_low": low,
        "conversions_high": high,
        "revenue_low": Decimal(repr(money_low)).quantize(_STEP),
        "revenue_high": Decimal(repr(money_high)).quantize(_STEP),
    }


def rolled_up(spend: Mapping[Unit, Decimal], level: str) -> dict[Unit, Decimal]:
    """Spend by channel, by campaign, or as it is."""
    sums: dict[Unit, Decimal] = {}
    for (channel, campaign, ad), amount in spend.items():
        unit = (
            channel,
            0 if level == CreditLevel.CHANNEL else campaign,
            ad if level == CreditLevel.AD else 0,
        )
        sums[unit] = sums.get(unit, Decimal(0)) + amount
    return sums


def spend_of(
    workspace: Workspace, period: Period, names: Mapping[int, str] | None = None
) -> dict[Unit, Decimal]:
    """Spend of a period in the workspace's currency, by channel, campaign and ad.

    Platforms' spend, and the cost of touches that tell one. Money without an exchange rate is
    left out.
    """
    sums: dict[Unit, Decimal] = {}
    for (_, unit), amount in spend_by_day(workspace, period, names).items():
        sums[unit] = sums.get(unit, Decimal(0)) + amount
    return sums


def spend_by_day(
    workspace: Workspace, period: Period, names: Mapping[int, str] | None = None
) -> dict[tuple[date, Unit], Decimal]:
    """As ``spend_of``, day by day: platforms' days as reported, touches' in the workspace's.

    ``names`` are those of the workspace's channels, where the caller knows them.
    """
    named = channel_names(workspace) if names is None else names
    keys = {name: pk for pk, name in named.items()}
    rates: dict[str, Decimal | None] = {}
    sums: dict[tuple[date, Unit], Decimal] = {}
    for row in _platform_spend(workspace, period):
        code = row["currency"]
        if code not in rates:
            rates[code] = convert(
                workspace=workspace, amount=Decimal(1), currency=code, on=period.until
            )
        rate, place = rates[code], keys.get(row["named"])
        if place is not None and rate is not None and row["money"]:
            _add(sums, row, (place, row["campaign_id"], row["ad_id"] or 0), row["money"] * rate)
    for row in _touch_costs(workspace, period):
        unit = (row["channel_id"], row["campaign_id"] or 0, row["ad_id"] or 0)
        _add(sums, row, unit, row["money"])
    return sums


def _add(
    sums: dict[tuple[date, Unit], Decimal], row: Mapping[str, Any], unit: Unit, amount: Decimal
) -> None:
    key = (row["day"], unit)
    sums[key] = (sums.get(key, Decimal(0)) + amount).quantize(_STEP)


def _platform_spend(workspace: Workspace, period: Period) -> Iterable[dict[str, Any]]:
    channel = Lower(Coalesce(NullIf("campaign__channel", Value("")), "account__platform"))
    rows = days_of(workspace, period).values(
        "day", "campaign_id", "ad_id", named=channel, currency=F("account__currency")
    )
    sums = rows.annotate(money=Sum("spend")).order_by("day", "campaign_id", "ad_id")
    return (dict(row) for row in sums)


def _touch_costs(workspace: Workspace, period: Period) -> Iterable[dict[str, Any]]:
    rows = Touchpoint.objects.filter(
        workspace=workspace,
        cost__gt=0,
        at__gte=day_starts(workspace, period.since),
        at__lt=day_starts(workspace, period.until + timedelta(days=1)),
    )
    day = TruncDate("at", tzinfo=workspace.zone)
    sums = rows.values("channel_id", "campaign_id", "ad_id", day=day).annotate(money=Sum("cost"))
    return (dict(row) for row in sums.order_by("day", "channel_id", "campaign_id", "ad_id"))
