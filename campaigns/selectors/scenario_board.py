"""What the pages of scenarios show: sliders, curves, kept ones side by side, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from campaigns.models import ResponseFit, Scenario
from campaigns.selectors.advice import Outcome, outcomes_of
from campaigns.selectors.channels import Channels, channels_of
from campaigns.selectors.response import response_days
from campaigns.selectors.scenario_results import Shown
from campaigns.selectors.scenarios import by_outcome, present_of, scenarios_of
from workspaces.boards import NOTHING
from workspaces.charts import Curve, CurveChart, curve_chart
from workspaces.models import Workspace
from workspaces.reports.shapes import Cell, Table

LEAST_DAYS: Final = 56
NEWEST: Final = 20


@dataclass(frozen=True)
class Slider:
    """A channel's budget: what it is now, what the plan says, how its curve is known."""

    channel: str
    label: str
    present: float
    planned: float
    source: str
    reason: str

    @property
    def amount(self) -> str:
        """The plan as its field says it."""
        return f"{self.planned:.2f}"

    @property
    def shift(self) -> int:
        """Per cent more than now."""
        return round(100 * (self.planned / self.present - 1)) if self.present else 0


def sliders_of(fit: ResponseFit, budgets: Mapping[str, float], channels: Channels) -> list[Slider]:
    """Every channel with its budget, dearest first."""
    present, facts = present_of(fit), _facts(fit)
    rows = []
    for channel, amount in present.items():
        source, reason = facts[channel]
        rows.append(
            Slider(
                channel, channels.label(channel), amount, budgets.get(channel, amount), source,
                channels.said(reason),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row.present)


def _facts(fit: ResponseFit) -> dict[str, tuple[str, str]]:
    """Whether a channel's curves are known, and why not; the worst of its outcomes counts."""
    found: dict[str, tuple[str, str]] = {}
    for outcome in fit.quality["outcomes"].values():
        for fact in outcome["channels"]:
            if fact["source"] == "prior" or fact["name"] not in found:
                found[fact["name"]] = (fact["source"], fact["reason"])
    return found


@dataclass(frozen=True)
class Fit:
    """How well the curves of one outcome foretell."""

    name: str
    is_prior: bool
    words: str
    reasons: list[str]


def quality_of(fit: ResponseFit) -> list[Fit]:
    """Fit quality by outcome, in words."""
    later = [_enough_from(fit.since)] if fit.days < LEAST_DAYS else []
    return [
        Fit(
            fit.name_of(name),
            told["source"] == "prior",
            _quality_words(told),
            [*told["reasons"], *later],
        )
        for name, told in by_outcome(fit.quality["outcomes"])
    ]


def _quality_words(told: Mapping[str, Any]) -> str:
    if told["mape"] is None:
        return "Nothing could be held out; the stated priors serve."
    naive = told["naive_mape"]
    beside = f"; {100 * naive:.1f} % by repeating the last week" if naive else ""
    return (
        f"The last {told['steps']} days, foretold without them, were missed by"
        f" {100 * told['mape']:.1f} % a day (MAPE){beside}. The curves explain"
        f" {100 * told['r_squared']:.0f} % of the variance."
    )


def charts_of(fit: ResponseFit, channels: Channels) -> list[tuple[str, list[CurveChart]]]:
    """Curves with their days, by outcome."""
    present = present_of(fit)
    return [
        (
            fit.name_of(outcome),
            [
                _chart(fit, outcome, one, present[one["channel"]], channels.label(one["channel"]))
                for one in charts
            ],
        )
        for outcome, charts in by_outcome(fit.charts)
    ]


def _chart(
    fit: ResponseFit, outcome: str, one: Mapping[str, Any], now: float, title: str
) -> CurveChart:
    unit = fit.currency if outcome == "revenue" else fit.unit
    return curve_chart(
        title=f"{title}: {fit.name_of(outcome)} by spend",
        name=f"{outcome}-{one['channel']}",
        curve=Curve(one["spend"], one["low"], one["middle"], one["high"]),
        days=list(zip(one["data_spend"], one["data_units"], strict=True)),
        now=now,
        units=(fit.currency, unit),
    )


@dataclass(frozen=True)
class Kept:
    """A scenario that was kept, and what became of it."""

    row: Scenario
    outcome: Outcome
    channels: Channels

    @property
    def shown(self) -> Shown:
        """What it said."""
        return Shown(self.row.results, self.channels)


def kept_of(workspace: Workspace, picks: Iterable[UUID] | None = None) -> list[Kept]:
    """Scenarios with what became of them, newest first: those picked, or the newest twenty."""
    rows = scenarios_of(workspace)
    found = list(rows[:NEWEST] if picks is None else rows.filter(public_id__in=picks))
    return kept_rows(workspace, found)


def kept_rows(workspace: Workspace, rows: list[Scenario]) -> list[Kept]:
    """Each of some scenarios with what became of it."""
    outcomes, channels = outcomes_of(rows), channels_of(workspace)
    return [Kept(row, outcomes[row.pk], channels) for row in rows]


@dataclass(frozen=True)
class Beside:
    """Totals of some scenarios beside each other."""

    kept: list[Kept]

    @property
    def lines(self) -> list[tuple[str, list[str]]]:
        """Figure by figure; of each scenario the median, its interval and the change."""
        labels: dict[str, None] = {"Days": None, "Spend": None}
        told = []
        for one in self.kept:
            shown, days = one.shown, one.row.results["horizon_days"]
            total = shown.rows[-1]
            own = {
                "Days": str(days),
                "Spend": f"{total.spend}, now {total.present_spend}",
            }
            for cell in total.cells:
                labels[cell.label] = None
                own[cell.label] = f"{cell.plan} ({cell.band}), {cell.change} against now"
            own |= {
                f"{shown.name_of(line)}, a day": f"{line['spend'] / days:,.0f}"
                for line in one.row.results["lines"]
            }
            labels.update(dict.fromkeys(own))
            told.append(own)
        return [(label, [own.get(label, NOTHING) for own in told]) for label in labels]

    @property
    def table(self) -> Table:
        """The same for a file."""
        head = ("Figure", *(one.row.name for one in self.kept))
        rows: tuple[tuple[Cell, ...], ...] = tuple((label, *cells) for label, cells in self.lines)
        return Table("Scenarios", head, rows, texts=frozenset(range(len(head))))


def _enough_from(since: date) -> str:
    return f"There will be enough from {since + timedelta(days=LEAST_DAYS):%d %b %Y} on."


def what_is_missing(workspace: Workspace, now: datetime) -> str:
    """Why there are no curves, and what to do about it."""
    days = response_days(workspace, now)
    if days is None:
        return (
            "No channel has spent anything yet whose conversions count. Connect an ad account, or"
            f" import a report; curves need {LEAST_DAYS} days of spend with what came of it."
        )
    if not days.outcomes:
        return (
            f"There are {days.period.days} days of spend, but no install, conversion or revenue in"
            " them. Connect a source of these, or map their column when you import."
        )
    if days.period.days < LEAST_DAYS:
        return (
            f"There are {days.period.days} days of figures; {LEAST_DAYS} are needed to learn from"
            f" them. {_enough_from(days.period.since)} Until then the stated priors can serve: fit"
            " them now."
        )
    return (
        f"There are {days.period.days} days of figures, which is enough. Curves are fitted every"
        " hour in which a new day has come; or fit them now."
    )
