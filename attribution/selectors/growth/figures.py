"""Figures of a dashboard: a period against the one before, day by day, with targets.

Cards, charts, JSON and files are made from the same figures, so they never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns.selectors.insight.charts import column_chart
from campaigns.selectors.insight.reported import is_reported
from workspaces.boards import Column, Kpi, change_of, change_pct
from workspaces.charts import LineChart
from workspaces.reports.shapes import Cell, Table


@dataclass(frozen=True)
class Target:
    """Where a figure should be: at least ``low``, below ``high``; ``text`` says so."""

    text: str
    low: Decimal | None = None
    high: Decimal | None = None

    def is_missed(self, value: Decimal | None) -> bool:
        """Whether a figure is on the wrong side; above a range is not wrong."""
        if value is None:
            return False
        if self.low is not None:
            return value < self.low
        return self.high is not None and value >= self.high


@dataclass(frozen=True)
class Measure(Column):
    """A figure of a dashboard; its value is an attribute of the figures.

    What is counted ``so_far`` grows with age, so a period is not compared with an older one.
    It is left out beside another, an attribute of the same figures, that it stands ``instead_of``.
    """

    target: Target | None = None
    so_far: bool = False
    instead_of: str = ""

    def kpi(self, figures: Any, before: Any, currency: str) -> Kpi:
        """Card of the whole period against the one before, and against its target."""
        value = getattr(figures, self.name)
        is_compared = before and not self.so_far
        change = change_of(value, getattr(before, self.name)) if is_compared else ""
        card = Kpi(self.label, self.text(figures, currency), change, self.hint)
        if self.target is None:
            return card
        is_missed = self.target.is_missed(value)
        verdict = "" if value is None else ": missed" if is_missed else ": met"
        return replace(card, target=f"Target {self.target.text}{verdict}", is_missed=is_missed)


@dataclass(frozen=True)
class Figures:
    """``total`` and ``before`` of the periods and ``days`` have an attribute for each measure."""

    measures: Sequence[Measure]
    total: Any
    before: Any | None
    days: Mapping[date, Any]
    currency: str

    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        return [measure.kpi(self.total, self.before, self.currency) for measure in self.reported]

    @property
    def reported(self) -> list[Measure]:
        """Measures that say anything of the period or of the one before."""
        return [measure for measure in self.measures if self._is_told(measure)]

    def has(self, name: str) -> bool:
        """Whether anything of a name was in the period or in the one before."""
        return any(getattr(one, name) for one in (self.total, self.before) if one is not None)

    def _is_told(self, measure: Measure) -> bool:
        is_replaced = measure.instead_of and self.has(measure.instead_of)
        return not is_replaced and is_reported(measure, self.total, self.before)

    def charts(self, *names: str) -> list[LineChart]:
        """Lines of some figures by day, of those that are reported."""
        by_name = {measure.name: measure for measure in self.reported}
        told = [by_name[name] for name in names if name in by_name]
        return [column_chart(measure, self.days, self.currency) for measure in told]

    def tables(self) -> list[Table]:
        """All figures of the period, and of each day, as files show them."""
        heads = tuple(measure.head(self.currency) for measure in self.measures)
        rows = tuple(self._row(measure) for measure in self.measures)
        days = tuple(
            (day.isoformat(), *(measure.cell(own) for measure in self.measures))
            for day, own in self.days.items()
        )
        head = ("Figure", "This period", "Period before", "Change (%)", "Target")
        places = enumerate(self.measures)
        quiet = frozenset(place for place, measure in places if not self._is_told(measure))
        return [
            Table("Figures", head, rows, texts=frozenset({0, 4}), unreported_rows=quiet),
            Table("Days", ("Day", *heads), days, unreported=frozenset(n + 1 for n in quiet)),
        ]

    def _row(self, measure: Measure) -> tuple[Cell, ...]:
        value = measure.cell(self.total)
        before = None if self.before is None else measure.cell(self.before)
        is_compared = self.before and not measure.so_far
        was = getattr(self.before, measure.name) if is_compared else None
        change = change_pct(getattr(self.total, measure.name), was)
        target = measure.target.text if measure.target else ""
        return measure.head(self.currency), value, before, change and round(change, 1), target
