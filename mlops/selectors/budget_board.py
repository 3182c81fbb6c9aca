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
from workspaces.models import Workspace

if TYPE_CHECKING:
    from mlops.services.budget.asking import Asked
    from mlops.services.budget.planning import BudgetPlan, Line

# What a kept plan says of itself, beside what the studio keeps of any scenario.
KEPT_AS: Final = "budget_plan"
_FIGURES: Final = (("revenue", "{value}", 0), ("installs", "{unit}", 0),
                   ("roas", "ROAS", 2), ("cost_per_install", "Cost per {one}", 2))  # fmt: skip
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
    def change_share(self) -> float | None:
        """Change over the present money."""
        return float(self.line.change / self.line.present) if self.line.present else None

    @property
    def bound(self) -> str:
        """Which bound it stands at, in words."""
        return _BOUNDS[self.line.stands_at]


@dataclass(frozen=True)
class Figure:
    """What the plan is expected to bring, beside the present one."""

    label: str
    text: str
    note: str


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
    def present_total(self) -> Decimal:
        """Money of all channels over the horizon as it is spent now."""
        return sum((line.present for line in self.plan.lines), Decimal())

    @property
    def recommended_total(self) -> Decimal:
        """Money of all channels under the plan."""
        return sum((line.recommended for line in self.plan.lines), Decimal())

    @property
    def change_total(self) -> Decimal:
        """Money more than now."""
        return self.recommended_total - self.present_total

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
            _figure(label.format(**names), total[key], digits)
            for key, label, digits in _FIGURES
            if total[key] is not None
        ]

    @property
    def story(self) -> list[str]:
        """What the plan changes, in a few sentences."""
        return [self.channels.said(sentence) for sentence in self.plan.results["narrative"]]


def _figure(label: str, found: Mapping[str, Any], digits: int) -> Figure:
    plan, now = found["plan"], found["present"]
    note = f"{_text(plan['p10'], digits)} to {_text(plan['p90'], digits)}"
    return Figure(
        label, _text(plan["p50"], digits), f"{note}, present plan {_text(now['p50'], digits)}"
    )


def _text(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}"


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
