"""Results of a plan as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import cached_property

from campaigns.selectors.channels import Channels
from workspaces.boards import NOTHING, Kpi
from workspaces.formats import TIMES
from workspaces.reports.shapes import Table

# Name of a result, how it is called, and with how many digits it is written.
_FIGURES: Final = (
    ("installs", "{unit}", 0),
    ("cost_per_install", "Cost per {one}", 2),
    ("revenue", "{value}", 0),
    ("roas", "ROAS", 2),
)
_UNITS: Final = {"roas": TIMES}
_APP: Final = (("dau", "DAU", 0), ("dau_mau", "DAU/MAU", 3), ("d7_retention", "D7 retention", 3))


@dataclass(frozen=True)
class Figure:
    """A figure under the plan with its interval, and what it is now."""

    label: str
    plan: str
    band: str
    present: str
    change: str


@dataclass(frozen=True)
class Row:
    """A channel, or the total."""

    name: str
    is_prior: bool
    spend: str
    present_spend: str
    cells: list[Figure]


class Shown:
    """Results of a plan as pages show them."""

    def __init__(self, results: Mapping[str, Any], channels: Channels) -> None:
        self.results = results
        self._channels = channels

    @property
    def story(self) -> list[str]:
        """What the plan changes, in a few sentences."""
        return [self._channels.said(sentence) for sentence in self.results["narrative"]]

    @property
    def head(self) -> list[str]:
        """Names of the columns beside the spend."""
        return [label for _, label, _ in self._figures]

    @cached_property
    def rows(self) -> list[Row]:
        """Channels, then the total."""
        return [self._row(line) for line in (*self.results["lines"], self.results["total"])]

    @property
    def kpis(self) -> list[Kpi]:
        """The total's figures."""
        total = self.rows[-1]
        cards = [Kpi("Spend", total.spend, f"now {total.present_spend}")]
        cards += [
            Kpi(cell.label, cell.plan, f"{cell.band}, now {cell.present}") for cell in total.cells
        ]
        sure = f"{100 * self.results['more_likely']:.0f} %"
        note = "Share of the draws in which the plan brings more."
        return [*cards, *self._app, Kpi("Brings more", sure, "of 1,000 draws", note)]

    @property
    def is_prior(self) -> bool:
        """Whether a stated prior stands behind some channel."""
        return any(line["source"] == "prior" for line in self.results["lines"])

    @property
    def _figures(self) -> list[tuple[str, str, int]]:
        unit = self.results["unit"]
        value = self.results.get("value_name", "revenue")
        names = {
            "unit": unit.capitalize(), "one": unit.removesuffix("s"), "value": value.capitalize(),
        }  # fmt: skip
        total = self.results["total"]
        return [
            (key, label.format(**names), digits)
            for key, label, digits in _FIGURES
            if total[key] is not None
        ]

    @property
    def _app(self) -> list[Kpi]:
        found = self.results["app"]
        return [
            Kpi(
                label,
                _text(found[key]["plan"]["p50"], digits),
                f"{_band(found[key]['plan'], digits)}, now {_text(found[key]['now'], digits)}",
            )
            for key, label, digits in _APP
            if key in found
        ]

    def _row(self, line: Mapping[str, Any]) -> Row:
        return Row(
            name=self.name_of(line),
            is_prior=line["source"] == "prior",
            spend=_text(line["spend"], 0),
            present_spend=_text(line["present_spend"], 0),
            cells=[
                _cell(label, line[key], digits, _UNITS.get(key, ""))
                for key, label, digits in self._figures
            ],
        )

    def name_of(self, line: Mapping[str, Any]) -> str:
        """What a line's channel is called."""
        is_total = line is self.results["total"]
        return "All channels" if is_total else self._channels.label(line["channel"])

    @property
    def table(self) -> Table:
        """All figures for a file."""
        currency = self.results["currency"]
        parts = (("plan", "p50"), ("plan", "p10"), ("plan", "p90"), ("present", "p50"),
                 ("change", "p50"), ("change", "p10"), ("change", "p90"))  # fmt: skip
        head = ["Channel", "Curve", f"Spend ({currency})", f"Spend now ({currency})"]
        head += [
            f"{label} {part} {point.upper()}"
            for _, label, _ in self._figures
            for part, point in parts
        ]
        lines = (*self.results["lines"], self.results["total"])
        rows = [
            (
                self.name_of(line), line["source"], line["spend"], line["present_spend"],
                *(line[key][part][point] for key, _, _ in self._figures for part, point in parts),
            )
            for line in lines
        ]  # fmt: skip
        note = " ".join(self.story)
        return Table("Scenario", tuple(head), tuple(rows), note, frozenset({0, 1}))


def _text(value: float | None, digits: int, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}{unit}"


def _band(band: Mapping[str, float | None], digits: int, unit: str = "") -> str:
    return f"{_text(band['p10'], digits, unit)} to {_text(band['p90'], digits, unit)}"


def _cell(label: str, found: Mapping[str, Any], digits: int, unit: str) -> Figure:
    change = found["change"]
    moved = NOTHING
    if not any(value is None or value for value in change.values()):
        moved = "unchanged"
    elif change["p50"] is not None:
        signed = [f"{change[name]:+,.{digits}f}{unit}" for name in ("p50", "p10", "p90")]
        moved = f"{signed[0]} ({signed[1]} to {signed[2]})"
    return Figure(
        label=label,
        plan=_text(found["plan"]["p50"], digits, unit),
        band=_band(found["plan"], digits, unit),
        present=_text(found["present"]["p50"], digits, unit),
        change=moved,
    )
