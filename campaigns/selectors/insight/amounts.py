"""Sums of advertising in the workspace's currency: in total, by day, and by what was advertised.

Every dashboard, its JSON and its files read these, so two of them never disagree. Foreign money
counts at the newest rate known at the period's end, as in ``channel_days``; money without a rate
is left out and named by ``missing_rates``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Case, DecimalField, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable

from campaigns import metrics
from campaigns.models import AdAccount, DailyPerformance
from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.insight.sums import Sums
from campaigns.selectors.performance import days_of
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import rates_of

_ZERO: Final = Decimal(0)
_MONEY: Final = DecimalField(max_digits=30, decimal_places=10)


@dataclass(frozen=True)
class Amounts(Sums):
    """What was spent and what came of it.

    Conversions and their money are those of accounts whose conversions count; ``known_spend`` and
    ``known_clicks`` are of the same accounts, so that their ratios compare like with like.
    """

    impressions: int = 0
    clicks: int = 0
    engagement: int = 0
    installs: int = 0
    spend: Decimal = _ZERO
    conversions: Decimal = _ZERO
    revenue: Decimal = _ZERO
    pipeline_value: Decimal = _ZERO
    known_spend: Decimal = _ZERO
    known_clicks: int = 0

    @property
    def ctr(self) -> Decimal | None:
        """Clicks for each impression."""
        return metrics.ctr(Decimal(self.clicks), self.impressions)

    @property
    def cvr(self) -> Decimal | None:
        """Conversions for each click."""
        return metrics.cvr(self.conversions, self.known_clicks)

    @property
    def cpc(self) -> Decimal | None:
        """Cost of a click."""
        return metrics.cpc(self.spend, self.clicks)

    @property
    def cpm(self) -> Decimal | None:
        """Cost of a thousand impressions."""
        return metrics.cpm(self.spend, self.impressions)

    @property
    def cpa(self) -> Decimal | None:
        """Cost of a conversion."""
        return metrics.cpa(self.known_spend, self.conversions)

    @property
    def cpi(self) -> Decimal | None:
        """Cost of an install."""
        return metrics.cpi(self.spend, self.installs)

    @property
    def roas(self) -> Decimal | None:
        """Revenue for each unit of spend."""
        return metrics.roas(self.revenue, self.known_spend)

    @property
    def roi(self) -> Decimal | None:
        """Net gain for each unit of spend."""
        return metrics.roi(self.revenue, self.known_spend)

    @property
    def pipeline_roas(self) -> Decimal | None:
        """Pipeline value for each unit of spend."""
        return metrics.roas(self.pipeline_value, self.known_spend)


@dataclass(frozen=True)
class Rates:
    """What one unit of each currency is worth in the workspace's; those without a rate.

    What all accounts have in common need not be asked of each of their days: ``is_all_usable``, no
    conversions are left out; ``level``, that whose days are added up, empty where it differs.
    """

    known: Mapping[str, Decimal]
    missing: tuple[str, ...]
    is_all_usable: bool = False
    level: str = ""


def rates_for(workspace: Workspace, period: Period) -> Rates:
    """Rates of the currencies of a workspace's ad accounts, two queries at most."""
    accounts = AdAccount.objects.filter(workspace=workspace).order_by()
    facts = ("currency", "has_usable_conversions", "summing_level")
    found = list(accounts.values_list(*facts).distinct())
    currencies = {currency for currency, *_ in found}
    levels = {level for *_, level in found}
    known = rates_of(workspace=workspace, currencies=currencies, on=period.until)
    missing = tuple(sorted(currencies - set(known)))
    return Rates(
        known,
        missing,
        is_all_usable=all(is_usable for _, is_usable, _ in found),
        level=levels.pop() if len(levels) == 1 else "",
    )


def rows_of(query: InsightQuery, rates: Rates, period: Period) -> QuerySet[DailyPerformance]:
    """Days that a question is about."""
    rows = days_of(query.workspace, period, rates.level)
    if query.channel:
        rows = rows.alias(key=channel_key())
        rows = rows.filter(Q(key=query.channel) | Q(campaign__channel=query.channel))
    return rows.filter(campaign=query.campaign) if query.campaign else rows


def summed(
    rows: QuerySet[DailyPerformance, Any], rates: Rates, *names: str
) -> QuerySet[DailyPerformance, Any]:
    """Sums of grouped rows, named ``sum_…``: some, or all that ``Amounts`` has."""
    # Asked of each row, it would take as long as the sums.
    usable = None if rates.is_all_usable else Q(account__has_usable_conversions=True)
    rate = rate_of(rates)
    sums = {
        **{name: Sum(name) for name in ("impressions", "clicks", "engagement", "installs")},
        "spend": converted("spend", rate),
        "known_spend": converted("spend", rate, usable),
        "known_clicks": Sum("clicks", filter=usable),
        "conversions": Sum("conversions", filter=usable),
        "revenue": converted("revenue", rate, usable),
        "pipeline_value": converted("pipeline_value", rate, usable),
    }
    return rows.annotate(**{f"sum_{name}": sums[name] for name in names or sums})


def rate_of(rates: Rates) -> Case | None:
    """What a row's money is worth, unknown where its currency has no rate; None: all is ours."""
    if not rates.missing and set(rates.known.values()) <= {Decimal(1)}:
        return None
    return Case(
        *(When(account__currency=one, then=Value(rate)) for one, rate in rates.known.items()),
        default=None,
        output_field=_MONEY,
    )


def converted(name: str, rate: Combinable | None, only: Q | None = None) -> Sum:
    """Sum of an amount in the workspace's currency; to multiply each by one takes half the time."""
    amount = F(name) if rate is None else F(name) * rate
    return Sum(amount, filter=only, output_field=_MONEY)


def by_day(query: InsightQuery, rates: Rates) -> dict[date, Amounts]:
    """Sums of every day of the period and, where it is compared, of the one before."""
    since = query.period.before.since if query.is_compared else query.period.since
    rows = rows_of(query, rates, Period(since, query.period.until)).values("day")
    found = {row["day"]: Amounts.of(row) for row in summed(rows, rates).order_by()}
    return {day: found.get(day, Amounts()) for day in Period(since, query.period.until)}
