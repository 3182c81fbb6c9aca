"""What the page of one test shows beside its results: box, table, chart, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.urls import reverse

from experiments.engine.decision import cost_of_waiting
from experiments.engine.words import percent
from experiments.models import (
    ABTest,
    Amount,
    Goal,
    Metric,
    MetricKind,
    MetricRole,
    Mode,
    RollOut,
)
from experiments.selectors.figures import Figure, Standing
from experiments.selectors.proposals import KIND, subject_of
from experiments.selectors.results import Results, Series, series_of, variants_of
from experiments.selectors.rules import parts_of
from experiments.selectors.weighing import weighted_of
from experiments.selectors.wording import decision_words
from workspaces.charts import LineChart, line_chart
from workspaces.formats import money, plain, share
from workspaces.models import Proposal
from workspaces.reports.shapes import Table

#: What the rule says, as the head of the box.
_HEADS: Final = {
    "ship": "Ready to roll out",
    "stop_harm": "It does harm",
    "stop_futility": "No difference worth having is in reach",
    "stop_time_up": "Its time is up",
    "keep_running": "Keep it running",
    "gated": "Results are kept back",
}
_TONES: Final = {"ship": "good", "stop_harm": "bad", "gated": "bad"}
_STANDINGS: Final = {
    Standing.CONTROL: ("Control", ""),
    Standing.HIDDEN: ("Too few units", ""),
    Standing.OPEN: ("Open", ""),
    Standing.BETTER: ("Better", "good"),
    Standing.WORSE: ("Worse", "bad"),
    Standing.SAFE: ("Safe", "good"),
    Standing.HARMED: ("Harmed", "bad"),
}


@dataclass(frozen=True)
class Box:
    """What the rule says now, in plain words; ``variant`` is the key of what may be rolled out."""

    head: str
    words: str
    tone: str
    waiting: str
    variant: str


@dataclass(frozen=True)
class Cell:
    """A variant's figure of a metric, as people read it."""

    metric: str
    role: str
    variant: str
    units: int
    value: str
    effect: str
    interval: str
    chance: str
    standing: str
    tone: str


@dataclass(frozen=True)
class Event:
    """Something that was done with a test."""

    at: datetime
    text: str
    by: str
    url: str = ""


def box_of(results: Results) -> Box | None:
    """Say what the rule says; nothing before the start and of tests that were run elsewhere."""
    decision, test = results.decision, results.test
    if decision is None:
        return None
    if test.is_over:
        return Box(f"It is over: {test.get_end_reason_display()}", decision_words(results),
                   "", "", "")  # fmt: skip
    return Box(
        head=_HEADS[decision.action],
        words=decision_words(results),
        tone=_TONES.get(decision.action, ""),
        waiting=_waiting(results),
        variant=decision.variant or "" if decision.action == "ship" else "",
    )


def _waiting(results: Results) -> str:
    """What another day costs, where one of two arms is better."""
    primary = results.primary
    if primary is None or results.days < 1 or len(primary.figures) != 2:
        return ""
    control, other = primary.figures
    if control.value is None or other.value is None or other.standing != Standing.BETTER:
        return ""
    better = other.value - control.value
    if primary.metric.goal == Goal.DECREASE:
        better = -better
    daily = results.split.units / results.days
    lost = cost_of_waiting(better, daily, other.units / results.split.units)
    if primary.metric.amount == Amount.VALUE:
        amount = money(Decimal(str(round(lost, 2))), results.test.workspace.currency)
        return f"Waiting costs about {amount} a day."
    return f"Waiting costs about {lost:,.1f} a day of “{primary.metric.name}”."


def cells_of(results: Results) -> list[Cell]:
    """Every metric of every variant, the control first."""
    return [
        _cell(one.metric, one.role.label, figure, results)
        for one in results.metrics
        for figure in one.figures
    ]


def _cell(metric: Metric, role: str, figure: Figure, results: Results) -> Cell:
    standing, tone = _STANDINGS[figure.standing]
    shown, decisive = (None, None) if results.is_gated else (figure.shown, figure.decisive)
    effect = interval = chance = "–"
    if shown is not None and not shown.not_computable:
        effect = percent(shown.effect)
        interval = f"{percent(shown.ci_low)} to {percent(shown.ci_high)}"
    if decisive is not None and not decisive.not_computable:
        likely = decisive.chance_to_win
        likely = likely if metric.goal == Goal.INCREASE else 1 - likely
        chance = share(likely, 1)
    value = (
        "–"
        if figure.value is None or results.is_gated
        else value_in_words(metric, figure.value, results.test)
    )
    if results.is_gated and figure.standing not in (Standing.CONTROL, Standing.HIDDEN):
        standing, tone = "Kept back", ""
    return Cell(metric.name, role, figure.variant.name, figure.units, value, effect, interval,
                chance, standing, tone)  # fmt: skip


def value_in_words(metric: Metric, value: float, test: ABTest) -> str:
    """A rate in percent, an amount in the workspace's currency, anything else as a number."""
    if metric.kind == MetricKind.BINOMIAL:
        return f"{value * 100:.2f} %"
    number = Decimal(str(round(value, 4)))
    if metric.amount == Amount.VALUE and metric.kind in (MetricKind.MEAN, MetricKind.RATIO):
        return money(number, test.workspace.currency)
    if metric.kind == MetricKind.TIME_TO_EVENT:
        return f"{plain(number.quantize(Decimal('0.1')))} h"
    return plain(number)


def table_of(results: Results) -> Table:
    """The same as a sheet of a file."""
    head = ("Metric", "Part", "Variant", "Units", "Value", "Effect", "Interval", "Chance to win",
            "Standing")  # fmt: skip
    rows = tuple(
        (one.metric, one.role, one.variant, one.units, one.value, one.effect, one.interval,
         one.chance, one.standing)
        for one in cells_of(results)
    )  # fmt: skip
    return Table(results.test.name[:31], head, rows)


def charts_of(test: ABTest) -> list[LineChart]:
    """How the lift of each variant went, its interval narrowing; one day is no course."""
    series = series_of(test)
    if len(series.days) < 2:
        return []
    return [chart for at in range(len(series.lines)) if (chart := _chart(series, at)).has_data]


def _chart(series: Series, at: int) -> LineChart:
    line = series.lines[at]
    values = [
        float(effect) * 100 if known else None
        for effect, known in zip(line.effect, line.is_known, strict=True)
    ]
    band = {
        place: (float(line.low[place]) * 100, float(line.high[place]) * 100)
        for place, known in enumerate(line.is_known)
        if known
    }
    return line_chart(
        title=f"{line.variant.name} against the control", days=series.days, values=values,
        suffix=" %", band=band, width=440, height=120, name=f"lift-{line.variant.key}",
    )  # fmt: skip


@dataclass(frozen=True)
class Weighed:
    """A variant's mean of the primary metric, its units weighed by their propensity."""

    variant: str
    value: str
    interval: str


def weighed_of(test: ABTest) -> list[Weighed]:
    """Estimates of a bandit, whose shares moved: plain means would be biased by the moves."""
    parts = [part for part in parts_of(test) if part.role == MetricRole.PRIMARY]
    if test.mode != Mode.BANDIT or not parts:
        return []
    metric = parts[0].metric
    pairs = zip(variants_of(test), weighted_of(test, metric), strict=True)
    return [
        Weighed(
            variant.name,
            "–" if found is None else value_in_words(metric, found.value, test),
            "–" if found is None else f"{value_in_words(metric, found.low, test)} to "
            f"{value_in_words(metric, found.high, test)}",
        )
        for variant, found in pairs
    ]  # fmt: skip


def events_of(test: ABTest, most: int = 30) -> list[Event]:
    """What was proposed and what was changed, the newest first: two queries."""
    shares = [
        Event(row.at, f"{row.reason} {_shares(row.traffic, row.weights)}", row.by_label)
        for row in test.allocations.order_by("-at")[:most]
    ]
    proposals = Proposal.objects.filter(
        workspace=test.workspace_id, kind=KIND, subject_key=subject_of(test)
    ).order_by("-created_at")[:most]
    asked = [
        Event(
            row.created_at, f"{row.summary} ({row.get_status_display().lower()})",
            row.proposer_label, reverse("approvals-proposal", args=[row.public_id]),
        )
        for row in proposals
    ]  # fmt: skip
    return sorted([*shares, *asked], key=lambda event: event.at, reverse=True)[:most]


def _shares(traffic: int, weights: dict[str, int]) -> str:
    said = ", ".join(f"{key} {int(weight) / 100:g} %" for key, weight in weights.items())
    return f"Traffic {traffic / 100:g} %: {said}."


def roll_outs_of(test: ABTest) -> Sequence[RollOut]:
    """Roll-outs of a test, the newest first."""
    return list(
        test.roll_outs.select_related("variant", "follow_up", "proposal").order_by("-pk")[:5]
    )
