"""What the budget page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from campaigns.selectors.channels import Channels
from campaigns.selectors.scenario_board import NEWEST, Kept, kept_rows
from campaigns.selectors.scenarios import scenarios_of
from workspaces.boards import NOTHING
from workspaces.formats import figure, signed_figure
from workspaces.models import Workspace

if TYPE_CHECKING:
    from mlops.services.budget.asking import Asked
    from mlops.services.budget.planning import BudgetPlan, Line

# What a kept plan says of itself, beside what the studio keeps of any scenario.
KEPT_AS: Final = "budget_plan"
_FIGURES: Final = (("revenue", "{value}", 0), ("installs", "{unit}", 0),
                   ("roas", "ROAS", 2), ("cost_per_install", "Cost per {one}", 2))  # fmt: skip
_UNITS: Final = {"roas": "×"}
_BOUNDS: Final = {"": "", "least": "at its least", "most": "at its most"}


@dataclass(frozen=True)
class Field:
    """Bounds of a channel as the form has them."""

    channel: str
    label: str
    least: str
    most: str


def fields_of(present: Mapping[str, float], asked: Asked, channels: Channels) -> list[Field]:
    """Every channel, dearest first."""
    return [
        Field(
            channel, channels.label(channel), str(asked.least.get(channel, "")),
            str(asked.most.get(channel, "")),
        )
        for channel in sorted(present, key=lambda one: -present[one])
    ]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One channel of the table."""

    label: str
    line: Line

    @property
    def present(self) -> str:
        """Money now."""
        return _text(self.line.present, 2)

    @property
    def recommended(self) -> str:
        """Money under the plan."""
        return _text(self.line.recommended, 2)

    @property
    def change(self) -> str:
        """Money more than now."""
        return _signed(self.line.change, 2)

    @property
    def change_pct(self) -> str:
        """The same in per cent of now; empty where there is nothing now."""
        now = self.line.present
        return f"{_signed(100 * self.line.change / now, 0)} %" if now else ""

    @property
    def bound(self) -> str:
        """Which bound it stands at, in words."""
        return _BOUNDS[self.line.stands_at]


@dataclass(frozen=True)
class Figure:
    """What the plan is expected to bring, and how much more than the present one."""

    label: str
    text: str
    interval: str
    change: str


@dataclass(frozen=True)
class Shown:
    """A plan as the page shows it."""

    plan: BudgetPlan
    channels: Channels

    @property
    def rows(self) -> list[Row]:
        """Channels, those that get most first."""
        lines = sorted(self.plan.lines, key=lambda line: -line.recommended)
        return [Row(self.channels.label(line.channel), line) for line in lines]

    @property
    def total(self) -> tuple[str, str, str]:
        """Money of all channels: now, under the plan, and the change."""
        now = sum((line.present for line in self.plan.lines), Decimal())
        planned = sum((line.recommended for line in self.plan.lines), Decimal())
        return _text(now, 2), _text(planned, 2), _signed(planned - now, 2)

    @property
    def is_moved(self) -> bool:
        """Whether there is anything to send."""
        return any(line.change for line in self.plan.lines)

    @property
    def figures(self) -> list[Figure]:
        """Expected figures of all channels with their intervals."""
        results = self.plan.results
        total, unit = results["total"], results["unit"]
        names = {
            "unit": unit.capitalize(), "one": unit.removesuffix("s"),
            "value": results["value_name"].capitalize(),
        }  # fmt: skip
        return [
            _figure(label.format(**names), total[key], digits, _UNITS.get(key, ""))
            for key, label, digits in _FIGURES
            if total[key] is not None
        ]

    @property
    def gain(self) -> str:
        """What the plan brings more than the present one, how surely, and on what ground."""
        results, outcome = self.plan.results, self.plan.outcome
        key = "revenue" if outcome == results["value_name"] else "installs"
        change = results["total"][key]["change"]
        if change["mean"] is None:
            return f"What it changes in {outcome} cannot be told."
        low, mean, high = (_signed(change[name], 0) for name in ("p10", "mean", "p90"))
        told = (
            f"Against the present plan: {mean} {outcome} ({low} to {high} in eight of ten draws)."
        )
        if change["p10"] <= 0 <= change["p90"]:
            told += " That may be chance: the two cannot be told apart by what is known."
        return told

    @property
    def priors(self) -> str:
        """Channels of which little is known."""
        return ", ".join(row.label for row in self.rows if row.line.is_prior)


def _figure(label: str, found: Mapping[str, Any], digits: int, unit: str) -> Figure:
    """Means with the range of the draws; middles of two plans do not differ by a middle."""
    plan, present, change = found["plan"], found["present"], found["change"]
    moved = ""
    if change["mean"] is not None:
        mean, low, high = (_signed(change[name], digits, unit) for name in ("mean", "p10", "p90"))
        moved = f"now {_text(present['mean'], digits, unit)}: {mean} ({low} to {high})"
    return Figure(
        label=label,
        text=_text(plan["mean"], digits, unit),
        interval=f"{_text(plan['p10'], digits, unit)} to {_text(plan['p90'], digits, unit)}",
        change=moved,
    )


def _text(value: Decimal | float | None, digits: int, unit: str = "") -> str:
    return NOTHING if value is None else f"{figure(value, digits)}{unit}"


def _signed(value: Decimal | float | None, digits: int, unit: str = "") -> str:
    return NOTHING if value is None else f"{signed_figure(value, digits)}{unit}"


@dataclass(frozen=True)
class SentPlan:
    """A plan that went to approval, and what became of it."""

    kept: Kept

    @property
    def method(self) -> str:
        """Which way of splitting made it."""
        return str(self.kept.row.results[KEPT_AS]["method"])

    @property
    def total(self) -> Decimal:
        """Money of the whole horizon."""
        return Decimal(self.kept.row.results[KEPT_AS]["total"])


def sent_plans(workspace: Workspace) -> list[SentPlan]:
    """Plans that went to approval, newest first, at most twenty."""
    rows = scenarios_of(workspace).filter(**{f"results__{KEPT_AS}__isnull": False})
    return [SentPlan(kept) for kept in kept_rows(workspace, list(rows[:NEWEST]))]
