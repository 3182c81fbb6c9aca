"""The executive dashboard: what growth costs and returns, what comes next, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from django.db.models import Count, Sum

from attribution.engine.weekday_forecast import LEAST_DAYS, METHOD, Forecast, weekday_forecast
from attribution.selectors.growth.app_use import organic_by_day
from attribution.selectors.growth.figures import Figures, Measure, Target
from attribution.selectors.growth.value import predicted_value
from campaigns import metrics
from campaigns.models import Signal
from campaigns.selectors.insight.amounts import rates_for
from campaigns.selectors.insight.cohorts import AdDay, ad_days
from campaigns.selectors.insight.query import InsightQuery
from workspaces.boards import Kpi
from workspaces.cache import kept
from workspaces.charts import LineChart, files_of, line_chart
from workspaces.formats import plain
from workspaces.models import Proposal, Status, Workspace
from workspaces.periods import Period
from workspaces.reports.shapes import Chart, Table

TOP_SIGNALS: Final = 5
HORIZON_DAYS: Final = 14
NO_MODEL: Final = "no model yet"
_RETURN: Final = Target("3 to 5", low=Decimal(3))
MEASURES: Final = (
    Measure("spend", "Spend", "money"),
    Measure("installs", "Installs", "count", hint="by ads and organic", needs="installs"),
    Measure("paid_installs", "By ads", "count", hint="installs that ad platforms report",
            needs="paid_installs"),
    Measure("organic_installs", "Organic", "count", needs="organic_installs",
            hint="installs without an ad, as reported for the day, else as the app counted them"),
    Measure("cac", metrics.cac.label, "money", hint=metrics.cac.formula, needs="installs",
            target=Target("below 3.00", high=Decimal(3))),
    Measure("cpi", "CPI", "money", hint="spend / installs by ads", needs="paid_installs"),
    Measure("roas_7", "ROAS 7 days", "times", needs="paid_installs",
            hint="revenue of the first 7 days / spend, of days as old", target=_RETURN),
    Measure("roas_30", "ROAS 30 days", "times", needs="paid_installs",
            hint="revenue of the first 30 days / spend, of days as old", target=_RETURN),
    Measure("revenue", "Revenue", "money", hint="of conversions, as ad platforms report it",
            needs="revenue"),
    Measure("roas", "ROAS", "times", hint=metrics.roas.formula, needs="revenue"),
    Measure("conversions", "Conversions", "count", hint="as ad platforms report them",
            instead_of="installs"),
    Measure("cpa", metrics.cpa.label, "money", hint=metrics.cpa.formula, instead_of="installs"),
    Measure("pipeline_value", "Pipeline", "money", hint="what deals of the leads may bring",
            needs="pipeline_value"),
    Measure("pipeline_roas", "Pipeline ROAS", "times", hint="pipeline value / spend",
            needs="pipeline_value"),
)  # fmt: skip
CHARTS: Final = ("spend", "installs", "cpi", "cac", "conversions", "cpa", "pipeline_roas")


@dataclass(frozen=True)
class Growth:
    """What was spent and who came, by ads and without."""

    ads: AdDay
    organic_installs: int

    @property
    def spend(self) -> Decimal:
        """Of all ads."""
        return self.ads.amounts.spend

    @property
    def paid_installs(self) -> int:
        """As ad platforms report them."""
        return self.ads.amounts.installs

    @property
    def installs(self) -> int:
        """All of them."""
        return self.paid_installs + self.organic_installs

    @property
    def cac(self) -> Decimal | None:
        """Spend for each install, organic ones too."""
        return metrics.cac(self.spend, self.installs)

    @property
    def cpi(self) -> Decimal | None:
        """Spend for each install by ads."""
        return self.ads.amounts.cpi

    @property
    def revenue(self) -> Decimal:
        """Of conversions that count."""
        return self.ads.amounts.revenue

    @property
    def roas(self) -> Decimal | None:
        """Revenue for each unit of spend."""
        return self.ads.amounts.roas

    @property
    def conversions(self) -> Decimal:
        """Those that count."""
        return self.ads.amounts.conversions

    @property
    def cpa(self) -> Decimal | None:
        """Spend for each of them."""
        return self.ads.amounts.cpa

    @property
    def pipeline_value(self) -> Decimal:
        """What deals of those whom ads brought may bring."""
        return self.ads.amounts.pipeline_value

    @property
    def pipeline_roas(self) -> Decimal | None:
        """Pipeline value for each unit of spend."""
        return self.ads.amounts.pipeline_roas

    @property
    def roas_7(self) -> Decimal | None:
        """Revenue of the first seven days for each unit of spend."""
        return self.ads.cohorts.roas_7

    @property
    def roas_30(self) -> Decimal | None:
        """Revenue of the first thirty days for each unit of spend."""
        return self.ads.cohorts.roas_30


@dataclass(frozen=True)
class Waiting:
    """Changes that wait for a signature, and the money that they move."""

    count: int
    money: Decimal


@dataclass(frozen=True)
class Outlook:
    """A figure's last four weeks and coming days."""

    measure: Measure
    known: Sequence[float]
    first_day: date
    forecast: Forecast

    @property
    def days(self) -> list[date]:
        """Coming days."""
        since = self.first_day
        return [since + timedelta(days=n) for n in range(len(self.forecast.expected))]

    def chart(self, currency: str) -> LineChart:
        """Known and coming days in one line, with the interval of the coming ones."""
        count = len(self.known)
        since = self.first_day - timedelta(days=count)
        values = [*self.known, *self.forecast.expected.tolist()]
        ends = zip(self.forecast.low.tolist(), self.forecast.high.tolist(), strict=True)
        return line_chart(
            title=f"{self.measure.label}: {len(self.days)} days to come",
            days=[since + timedelta(days=n) for n in range(len(values))],
            values=values,
            currency=currency if self.measure.kind == "money" else None,
            width=440,
            band={count + n: end for n, end in enumerate(ends)},
            name=f"{self.measure.name}-forecast",
        )


@dataclass(frozen=True)
class Executive:
    """The page's figures. With a channel or a campaign chosen, organic installs are left out."""

    query: InsightQuery
    figures: Figures
    value: Decimal | None
    outlooks: list[Outlook]
    signals: list[Signal]
    known_until: date | None
    missing_rates: tuple[str, ...]

    @property
    def has_data(self) -> bool:
        """Whether anything happened in the period."""
        total: Growth = self.figures.total
        return bool(total.ads.amounts.impressions or total.spend or total.installs)

    @property
    def value_to_cac(self) -> Decimal | None:
        """Predicted value of a new user for what he cost."""
        cac = self.figures.total.cac
        return None if self.value is None or not cac else self.value / cac

    @property
    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        if not self.figures.has("installs"):
            return self.figures.kpis()
        ratio = self.value_to_cac
        text = NO_MODEL if self.value is None else "–" if ratio is None else plain(ratio)
        hint = "predicted value of a new user / blended CAC"
        return [*self.figures.kpis(), Kpi("LTV:CAC", text, "", hint)]

    @property
    def charts(self) -> list[LineChart]:
        """Trends."""
        return self.figures.charts(*CHARTS)

    @property
    def forecasts(self) -> list[LineChart]:
        """Coming days, where four weeks are known."""
        return [one.chart(self.figures.currency) for one in self.outlooks]


def executive_of(query: InsightQuery) -> Executive:
    """Figures of a question; six queries at most."""
    rates = rates_for(query.workspace, query.period)
    least = Period.ending(query.period.until, LEAST_DAYS)
    span = Period(min(query.period.before.since, least.since), query.period.until)
    days = _growth_by_day(query, ad_days(query, rates, span))
    own = {day: days[day] for day in query.period}
    before = _total(days[day] for day in query.period.before) if query.is_compared else None
    known = [day for day, growth in days.items() if growth.ads.amounts.impressions]
    total = _total(own.values())
    figures = Figures(MEASURES, total, before, own, query.workspace.currency)
    brought = "installs" if figures.has("installs") else "conversions"
    return Executive(
        query=query,
        figures=figures,
        value=predicted_value(query.workspace, query.period),
        outlooks=_outlooks(days, known, (brought, "spend")),
        signals=_signals(query),
        known_until=max(known, default=None),
        missing_rates=rates.missing,
    )


def waiting_of(workspace: Workspace, now: datetime) -> Waiting:
    """What waits for a signature and is not put off, as of the last minute: all of it is added."""
    count, money = kept(f"executive-waiting:{workspace.pk}", lambda: _waiting(workspace, now))
    return Waiting(count, Decimal(money))


def _waiting(workspace: Workspace, now: datetime) -> tuple[int, str]:
    rows = Proposal.objects.filter(workspace=workspace, status=Status.PENDING)
    found = rows.exclude(snoozed_until__gt=now).aggregate(
        count=Count("pk"), money=Sum("money_at_stake", default=Decimal(0))
    )
    return found["count"], str(found["money"])


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    board = executive_of(query)
    ratio = board.value_to_cac
    value = NO_MODEL if board.value is None else ratio and round(ratio, 4)
    figures, days = board.figures.tables()
    quiet = figures.unreported_rows
    if not board.figures.has("installs"):
        quiet |= {len(figures.rows)}
    rows = (*figures.rows, ("LTV:CAC", value, None, None, ""))
    figures = replace(figures, rows=rows, unreported_rows=quiet)
    currency = query.workspace.currency
    return [figures, days, *(_forecast_table(one, currency) for one in board.outlooks)]


def charts_of(query: InsightQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    board = executive_of(query)
    return files_of([*board.charts, *board.forecasts])


def _growth_by_day(query: InsightQuery, ads: Mapping[date, AdDay]) -> dict[date, Growth]:
    if query.channel or query.campaign:
        return {day: Growth(own, 0) for day, own in ads.items()}
    period = Period(min(ads), max(ads))
    organic = organic_by_day(query.workspace, period)
    return {day: Growth(own, organic[day]) for day, own in ads.items()}


def _total(days: Iterable[Growth]) -> Growth:
    found = list(days)
    return Growth(
        AdDay.all_of(day.ads for day in found), sum(day.organic_installs for day in found)
    )


def _outlooks(
    days: Mapping[date, Growth], known: Sequence[date], names: Iterable[str]
) -> list[Outlook]:
    """Forecasts from the newest day on; none of a figure with fewer than four weeks of days."""
    if not known:
        return []
    first, last = min(known), max(known)
    by_name = {measure.name: measure for measure in MEASURES}
    found = []
    for name in names:
        values = [float(getattr(growth, name)) for day, growth in days.items()
                  if first <= day <= last]  # fmt: skip
        forecast = weekday_forecast(np.array(values), HORIZON_DAYS)
        if forecast is not None:
            newest = values[-LEAST_DAYS:]
            found.append(Outlook(by_name[name], newest, last + timedelta(days=1), forecast))
    return found


def _signals(query: InsightQuery) -> list[Signal]:
    rows = Signal.objects.filter(workspace=query.workspace, resolved_at=None, dismissed_at=None)
    return list(rows.order_by("-priority", "-pk")[:TOP_SIGNALS])


def _forecast_table(outlook: Outlook, currency: str) -> Table:
    forecast = outlook.forecast
    columns = (forecast.expected.tolist(), forecast.low.tolist(), forecast.high.tolist())
    rows = zip(outlook.days, *columns, strict=True)
    return Table(
        f"Forecast of {outlook.measure.label.lower()}",
        ("Day", outlook.measure.head(currency), "at least (80 %)", "at most (80 %)"),
        tuple((day.isoformat(), *(round(one, 2) for one in own)) for day, *own in rows),
        note=METHOD,
    )
