"""The funnel dashboard: from an impression to somebody who came back and paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from attribution.models import InstallSource
from attribution.selectors.growth.app_use import Users, users_by_day
from attribution.selectors.growth.figures import Figures, Measure, Target
from campaigns import metrics
from campaigns.selectors.insight.amounts import rates_for
from campaigns.selectors.insight.cohorts import AdDay, ad_days
from campaigns.selectors.insight.query import InsightQuery
from workspaces.boards import NOTHING, Kpi, change_of
from workspaces.charts import LineChart, files_of
from workspaces.periods import Period
from workspaces.reports.shapes import Chart, Table

MEASURES: Final = (
    Measure("impressions", "Impressions", "count"),
    Measure("clicks", "Clicks", "count"),
    Measure("ctr", metrics.ctr.label, "small_share", hint=metrics.ctr.formula),
    Measure("installs", "Installs", "count", hint="as ad platforms report them",
            needs="installs"),
    Measure("click_to_install", "Click to install", "share", hint="installs / clicks",
            needs="installs"),
    Measure("install_rate", metrics.install_rate.label, "small_share", needs="installs",
            hint=metrics.install_rate.formula, target=Target("above 0.3 %", low=Decimal("0.003"))),
    Measure("d1", "D1", "share", hint="came back on day 1, of installs that are old enough",
            needs="installs"),
    Measure("d7", "D7", "share", hint="came back on day 7, of installs that are old enough",
            needs="installs"),
    Measure("d30", "D30", "share", hint="came back on day 30, of installs that are old enough",
            needs="installs"),
    Measure("payers", "Payers so far", "count", hint="users of the app, by ads, who paid",
            so_far=True, needs="app_users"),
    Measure("payer_rate", "Install to payer so far", "share",
            hint="payers / users of the app, by ads", so_far=True, needs="app_users"),
    Measure("conversions", "Conversions", "count", hint="as ad platforms report them",
            instead_of="installs"),
    Measure("cvr", metrics.cvr.label, "share", hint=metrics.cvr.formula, instead_of="installs"),
)  # fmt: skip
CHARTS: Final = (
    "impressions", "clicks", "installs", "install_rate", "d1", "d7", "d30", "payer_rate",
    "conversions", "cvr",
)  # fmt: skip


@dataclass(frozen=True)
class Way:
    """What ads showed, and what became of those who saw it; of a day or of several."""

    ads: AdDay
    users: Users

    @property
    def impressions(self) -> int:
        """How often an ad was shown."""
        return self.ads.amounts.impressions

    @property
    def clicks(self) -> int:
        """On these."""
        return self.ads.amounts.clicks

    @property
    def ctr(self) -> Decimal | None:
        """Clicks for each impression."""
        return self.ads.amounts.ctr

    @property
    def installs(self) -> int:
        """As ad platforms report them."""
        return self.ads.amounts.installs

    @property
    def click_to_install(self) -> Decimal | None:
        """Installs for each click."""
        return metrics.cvr(Decimal(self.installs), self.clicks)

    @property
    def install_rate(self) -> Decimal | None:
        """Installs for each impression."""
        return metrics.install_rate(Decimal(self.installs), self.impressions)

    @property
    def d1(self) -> Decimal | None:
        """Share that came back on day 1."""
        return self.ads.cohorts.d1

    @property
    def d7(self) -> Decimal | None:
        """Share that came back on day 7."""
        return self.ads.cohorts.d7

    @property
    def d30(self) -> Decimal | None:
        """Share that came back on day 30."""
        return self.ads.cohorts.d30

    @property
    def conversions(self) -> Decimal:
        """Those that count."""
        return self.ads.amounts.conversions

    @property
    def cvr(self) -> Decimal | None:
        """Conversions for each click."""
        return self.ads.amounts.cvr

    @property
    def app_users(self) -> int:
        """Users of the app whom ads brought."""
        return self.users.users

    @property
    def payers(self) -> int:
        """Who paid so far."""
        return self.users.payers

    @property
    def payer_rate(self) -> Decimal | None:
        """Share that paid so far."""
        return self.users.payer_rate


@dataclass(frozen=True)
class Step:
    """A step of the way: how many got there, out of how many who could have by now."""

    name: str
    reached: int | Decimal
    of: int | None
    of_what: str
    rate: Decimal | None
    change: str
    width: float

    @property
    def rate_text(self) -> str:
        """Share of those who could have."""
        if self.rate is None:
            return NOTHING
        return f"{float(self.rate) * 100:.{3 if self.rate < Decimal('0.01') else 1}f} %"


@dataclass(frozen=True)
class FunnelBoard:
    """The page's figures."""

    query: InsightQuery
    figures: Figures
    known_until: date | None
    missing_rates: tuple[str, ...]

    @property
    def has_data(self) -> bool:
        """Whether anything was shown or installed."""
        return bool(self.figures.total.impressions or self.figures.total.installs)

    @property
    def has_installs(self) -> bool:
        """Whether anybody installed in the period or in the one before."""
        return self.figures.has("installs")

    @property
    def has_returns(self) -> bool:
        """Whether anything is known of what became of installs."""
        return bool(self.figures.total.ads.cohorts.known_1 or self.figures.total.users.users)

    @property
    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        return self.figures.kpis()

    @property
    def charts(self) -> list[LineChart]:
        """Trends."""
        return self.figures.charts(*CHARTS)

    @property
    def steps(self) -> list[Step]:
        """The way of an app, step by step; a bar is the share of the step's own beginning."""
        total: Way = self.figures.total
        cohorts, users = total.ads.cohorts, total.users
        ways = (
            ("Impressions", total.impressions, None, "", None, ""),
            ("Clicks", total.clicks, total.impressions, "impressions", total.ctr, "ctr"),
            ("Installs", total.installs, total.clicks, "clicks", total.click_to_install,
             "click_to_install"),
            ("Back on day 1", cohorts.retained_1, cohorts.known_1, "installs", total.d1, "d1"),
            ("Back on day 7", cohorts.retained_7, cohorts.known_7, "installs", total.d7, "d7"),
            ("Back on day 30", cohorts.retained_30, cohorts.known_30, "installs", total.d30, "d30"),
            ("Payers so far", users.payers, users.users, "users", total.payer_rate, ""),
        )  # fmt: skip
        return [self._step(*way) for way in ways]

    @property
    def conversion(self) -> Step:
        """The step that follows clicks where nobody installs anything."""
        total: Way = self.figures.total
        clicks = total.ads.amounts.known_clicks
        return self._step("Conversions", total.conversions, clicks, "clicks", total.cvr, "cvr")

    @property
    def shown_steps(self) -> list[Step]:
        """Steps of which anything is reported, as the page shows them."""
        *steps, payers = self.steps
        shown = steps if self.has_installs else [*steps[:2], self.conversion]
        return [*shown, payers] if self.figures.has("app_users") else shown

    def _step(
        self, name: str, reached: int | Decimal, of: int | None, what: str,
        rate: Decimal | None, key: str,
    ) -> Step:  # fmt: skip
        before: Way | None = self.figures.before
        change = change_of(rate, getattr(before, key)) if before and key else ""
        width = 100.0 if of is None else float(100 * (rate or 0))
        return Step(name, reached, of, what, rate, change, width)


def funnel_of(query: InsightQuery) -> FunnelBoard:
    """Figures of a question; four queries."""
    rates = rates_for(query.workspace, query.period)
    span = Period(query.period.before.since, query.period.until)
    ads = ad_days(query, rates, span)
    users = users_by_day(query, span, source=InstallSource.PAID)
    days = {day: Way(ads[day], users[day]) for day in span}
    own = {day: days[day] for day in query.period}
    before = _total(days[day] for day in query.period.before) if query.is_compared else None
    known = [day for day, way in own.items() if way.impressions or way.installs]
    return FunnelBoard(
        query=query,
        figures=Figures(MEASURES, _total(own.values()), before, own, query.workspace.currency),
        known_until=max(known, default=None),
        missing_rates=rates.missing,
    )


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    board = funnel_of(query)
    figures, days = board.figures.tables()
    found, shown = [*board.steps, board.conversion], board.shown_steps
    steps = Table(
        "Steps",
        ("Step", "Reached", "Of", "Of what", "Rate (share)"),
        tuple((step.name, step.reached, step.of, step.of_what, step.rate) for step in found),
        texts=frozenset({0, 3}),
        unreported_rows=frozenset(n for n, step in enumerate(found) if step not in shown),
    )
    return [figures, steps, days]


def charts_of(query: InsightQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    return files_of(funnel_of(query).charts)


def _total(days: Iterable[Way]) -> Way:
    found = list(days)
    return Way(AdDay.all_of(day.ads for day in found), Users.all_of(day.users for day in found))
