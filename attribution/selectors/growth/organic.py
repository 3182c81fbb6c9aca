"""The organic dashboard: who comes without an ad, who stays, and what ads have to do with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Sum

from attribution.models import InstallSource
from attribution.selectors.growth.app_use import (
    Use,
    Users,
    metric_days_of,
    organic_installs,
    use_by_day,
    users_by_day,
)
from attribution.selectors.growth.figures import Figures, Measure
from attribution.selectors.halo import HaloChart, HaloFound, chart_of, file_of, fit_days
from campaigns import metrics
from campaigns.models import DailyOrganicMetric
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.performance import days_of
from workspaces.boards import Kpi
from workspaces.charts import LineChart, files_of
from workspaces.formats import plain
from workspaces.periods import Period
from workspaces.reports.shapes import Chart, Table

#: A relation is looked for in so many days at least, up to the end of the period.
HALO_DAYS: Final = 90
MEASURES: Final = (
    Measure("installs", "Organic installs", "count",
            hint="as reported for the day, else as the app counted them"),
    Measure("store_rank", "Store rank", "count", hint="the newest; 1 is the top"),
    Measure("rating", "Rating", "count", hint="mean stars of the newest day"),
    Measure("mentions", "Mentions", "count", hint="in social media"),
    Measure("sentiment", "Sentiment", "count", hint="mean of mentions, −1 to 1"),
    Measure("dau", "DAU", "count", hint="organic users with a session on a day, mean of the days"),
    Measure("mau", "MAU", "count", hint="organic users of 30 days, on the newest day"),
    Measure("stickiness", metrics.stickiness.label, "share", hint=metrics.stickiness.formula),
    Measure("d1", "D1", "share", hint="came back on day 1, of those who are old enough"),
    Measure("d7", "D7", "share", hint="came back on day 7, of those who are old enough"),
    Measure("d30", "D30", "share", hint="came back on day 30, of those who are old enough"),
)  # fmt: skip
_Paid = Mapping[date, int]
CHARTS: Final = ("installs", "store_rank", "sentiment", "mentions", "dau", "mau", "stickiness")


@dataclass(frozen=True)
class OrganicDay:
    """A day without ads: as reported, and by the app."""

    installs: int
    reported: DailyOrganicMetric | None
    use: Use | None
    users: Users

    @property
    def store_rank(self) -> int | None:
        """Place in the store."""
        return self.reported.store_rank if self.reported else None

    @property
    def rating(self) -> float | None:
        """Mean stars."""
        return self.reported.rating if self.reported else None

    @property
    def mentions(self) -> int | None:
        """In social media."""
        return self.reported.social_mentions if self.reported else None

    @property
    def sentiment(self) -> float | None:
        """Of the mentions."""
        return self.reported.sentiment if self.reported else None

    @property
    def dau(self) -> int | None:
        """Users of the day."""
        return self.use.active if self.use else None

    @property
    def mau(self) -> int | None:
        """Users of thirty days."""
        return self.use.active_30 if self.use else None

    @property
    def stickiness(self) -> Decimal | None:
        """Users of the day for each of thirty days."""
        return _stickiness([self.use] if self.use else [])

    @property
    def d1(self) -> Decimal | None:
        """Share of those who installed on the day."""
        return self.users.d1

    @property
    def d7(self) -> Decimal | None:
        """Share of those who installed on the day."""
        return self.users.d7

    @property
    def d30(self) -> Decimal | None:
        """Share of those who installed on the day."""
        return self.users.d30


@dataclass(frozen=True)
class OrganicTotal:
    """A period; what cannot be added up is a mean, or that of the newest day."""

    installs: int
    store_rank: int | None
    rating: float | None
    mentions: int
    sentiment: float | None
    dau: float | None
    mau: int | None
    stickiness: Decimal | None
    d1: Decimal | None
    d7: Decimal | None
    d30: Decimal | None


@dataclass(frozen=True)
class Uplift:
    """Organic installs that went with those by ads, with a 95 % interval."""

    installs: float
    low: float
    high: float


@dataclass(frozen=True)
class Organic:
    """The page's figures; the halo is of ``halo.period``."""

    query: InsightQuery
    figures: Figures
    halo: HaloFound
    paid_installs: int
    known_until: date | None

    @property
    def has_data(self) -> bool:
        """Whether anything is known of the period."""
        return self.known_until is not None

    @property
    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        fit = self.halo.fit
        hint = "organic installs that go with one more by ads"
        if fit is None:
            text, note = "–", "too few days or too little variation"
        elif not fit.is_certain:
            text, note = "no link found", "the interval covers zero"
        else:
            text = f"{fit.per_unit:.2f}"
            low, high = fit.units_of(fit.low), fit.units_of(fit.high)
            note = f"95 %: {low:.2f} to {high:.2f}"
        uplift = self.uplift
        lifted = plain(Decimal(round(uplift.installs))) if uplift else "–"
        between = f"95 %: {uplift.low:,.0f} to {uplift.high:,.0f}" if uplift else ""
        return [
            *self.figures.kpis(),
            Kpi("Halo of ads", text, note, hint),
            Kpi("Uplift", lifted, between, "organic installs that went with those by ads"),
        ]

    @property
    def uplift(self) -> Uplift | None:
        """Organic installs of the period that went with ads; none where no link is certain."""
        fit = self.halo.fit
        if fit is None or not fit.is_certain:
            return None
        ends = (fit.elasticity, fit.low, fit.high)
        return Uplift(*(self.paid_installs * fit.units_of(one) for one in ends))

    @property
    def charts(self) -> list[LineChart]:
        """Trends."""
        return self.figures.charts(*CHARTS)

    @property
    def halo_chart(self) -> HaloChart | None:
        """Days as dots with the curve through them."""
        return chart_of(self.halo)


def organic_of(query: InsightQuery) -> Organic:
    """Figures of a question, whatever channel or campaign it names; four queries."""
    query = replace(query, channel="", campaign=None)
    period = query.period
    least = Period.ending(period.until, HALO_DAYS)
    span = Period(min(period.before.since, least.since), period.until)
    days, paid = _days(query, span), _paid(query, span)
    own = {day: days[day] for day in period}
    before = _total(days[day] for day in period.before) if query.is_compared else None
    wide = {day: paid[day] for day in Period(min(period.since, least.since), period.until)}
    known = [day for day, one in own.items() if one.reported or one.use]
    return Organic(
        query=query,
        figures=Figures(MEASURES, _total(own.values()), before, own, query.workspace.currency),
        halo=_halo(query, days, wide),
        paid_installs=sum(paid[day] for day in period),
        known_until=max(known, default=None),
    )


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    board = organic_of(query)
    figures, days = board.figures.tables()
    fit, uplift = board.halo.fit, board.uplift
    per_unit = round(fit.per_unit, 4) if fit and fit.is_certain else None
    extra = (
        ("Halo of ads", per_unit, None, None, ""),
        ("Uplift", round(uplift.installs, 2) if uplift else None, None, None, ""),
    )
    rows = (*figures.rows, *extra)
    return [Table(figures.title, figures.head, rows, texts=figures.texts), days]


def charts_of(query: InsightQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    board = organic_of(query)
    halo = file_of(board.halo, "installs")
    return files_of(board.charts) | ({"halo": halo} if halo else {})


def _days(query: InsightQuery, period: Period) -> dict[date, OrganicDay]:
    source = InstallSource.ORGANIC
    reported = metric_days_of(query.workspace, period)
    use = use_by_day(query.workspace, period, source=source)
    users = users_by_day(query, period, source=source)
    installs = organic_installs(reported, use)
    return {
        day: OrganicDay(installs[day], reported.get(day), use[day], users[day]) for day in period
    }


def _total(days: Iterable[OrganicDay]) -> OrganicTotal:
    found = list(days)
    uses = [day.use for day in found if day.use]
    users = Users.all_of(day.users for day in found)
    ranks = [day.store_rank for day in found if day.store_rank is not None]
    ratings = [day.rating for day in found if day.rating is not None]
    return OrganicTotal(
        installs=sum(day.installs for day in found),
        store_rank=ranks[-1] if ranks else None,
        rating=ratings[-1] if ratings else None,
        mentions=sum(day.mentions or 0 for day in found),
        sentiment=_sentiment(found),
        dau=sum(use.active for use in uses) / len(uses) if uses else None,
        mau=uses[-1].active_30 if uses else None,
        stickiness=_stickiness(uses),
        d1=users.d1,
        d7=users.d7,
        d30=users.d30,
    )


def _sentiment(days: Iterable[OrganicDay]) -> float | None:
    """Mean over mentions, not over days."""
    told = [(day.sentiment, day.mentions or 0) for day in days if day.sentiment is not None]
    count = sum(mentions for _, mentions in told)
    return sum(value * mentions for value, mentions in told) / count if count else None


def _stickiness(uses: list[Use]) -> Decimal | None:
    return metrics.stickiness(
        Decimal(sum(use.active for use in uses)), sum(use.active_30 for use in uses)
    )


def _halo(query: InsightQuery, organic: Mapping[date, OrganicDay], paid: _Paid) -> HaloFound:
    """Organic installs of each day beside those by ads, over the days that both are known of."""
    known = [day for day in paid if paid[day] and (organic[day].reported or organic[day].use)]
    period = Period(min(known), max(known)) if known else query.period
    days = {day: (paid[day], organic[day].installs) for day in period} if known else {}
    return fit_days(period, days, units="installs")


def _paid(query: InsightQuery, period: Period) -> _Paid:
    """Installs by ads of each day, as platforms report them."""
    rows = days_of(query.workspace, period).values("day").annotate(count=Sum("installs"))
    found = dict(rows.order_by().values_list("day", "count"))
    return {day: found.get(day, 0) for day in period}
