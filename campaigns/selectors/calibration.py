"""Predicted against realised effects, by who predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from workspaces.formats import number_of
from workspaces.models import Proposal, Status, Workspace
from workspaces.selectors_proposal import Outcome, held, outcome_of

_NEWEST = 1000
_LISTED = 20
_SIDE = 360
_MARGIN = 34


@dataclass(frozen=True)
class Dot:
    """One measured change in the drawing."""

    x: str
    y: str
    is_inside: bool
    label: str

    @property
    def side(self) -> str:
        """On which side of its interval's ends it lies."""
        return "inside" if self.is_inside else "outside"


@dataclass(frozen=True)
class Scatter:
    """Predicted (across) against realised (up) of one metric, on one scale."""

    metric: str
    dots: tuple[Dot, ...]
    zero: float
    reach: str
    side: int = _SIDE


@dataclass
class ProposerScore:
    """How often the 80 % intervals of one proposer held."""

    label: str
    measured: int = 0
    inside: int = 0
    right_sign: int = 0

    @property
    def coverage(self) -> float:
        """Share of intervals that held the realised effect."""
        return self.inside / self.measured

    @property
    def sign_share(self) -> float:
        """Share of changes whose effect had the predicted sign."""
        return self.right_sign / self.measured


@dataclass(frozen=True)
class Calibration:
    """What the calibration page shows."""

    scores: list[ProposerScore]
    scatters: list[Scatter]
    newest: list[Outcome]
    left_out: int
    waiting: int
    all_measured: int = field(default=0)


@dataclass(frozen=True)
class _Measured:
    """What is counted and drawn of a measured change; its plan is long, and is not read."""

    pk: int
    proposer: str
    proposer_label: str
    subject: str
    realised: dict[str, Any] | None
    predicted: dict[str, Any] | None

    @cached_property
    def is_inside(self) -> bool | None:
        """Whether the interval held; ``None`` for one not separable from others."""
        return held(self.predicted, self.realised)

    @cached_property
    def pair(self) -> tuple[float, float]:
        """Predicted and realised effect."""
        predicted, realised = (
            number_of((said or {}).get("delta")) or 0 for said in (self.predicted, self.realised)
        )
        return float(predicted), float(realised)

    @cached_property
    def metric(self) -> str:
        """What the effect is counted in."""
        said = self.predicted or {}
        currency = f" ({said['currency']})" if said.get("currency") else ""
        return f"{said.get('metric', 'effect')}{currency}".replace("_", " ")


def calibration_of(*, workspace: Workspace) -> Calibration:
    """Newest measured changes; those not separable from others are counted and left out."""
    rows = _measured(workspace)
    known = [row for row in rows if row.is_inside is not None]
    return Calibration(
        scores=_scores(known),
        scatters=_scatters(known),
        newest=_outcomes(known[:_LISTED]),
        left_out=len(rows) - len(known),
        waiting=_executed(workspace)
        .filter(
            # What was undone is not measured. So it is also the index of what is to be.
            status=Status.EXECUTED,
            measured_at=None,
            measure_after__isnull=False,
        )[:_NEWEST]
        .count(),
        all_measured=len(known),
    )


def scores_of(*, workspace: Workspace) -> list[ProposerScore]:
    """How far the intervals of each proposer held, whoever was measured most first."""
    return _scores([row for row in _measured(workspace) if row.is_inside is not None])


def _executed(workspace: Workspace) -> QuerySet[Proposal]:
    return Proposal.objects.filter(
        workspace=workspace, kind="ad_change", status__in=[Status.EXECUTED, Status.REVERTED]
    )


def _measured(workspace: Workspace) -> list[_Measured]:
    rows = _executed(workspace).filter(measured_at__isnull=False).order_by("-measured_at", "-pk")
    found = rows.values_list(
        "pk", "proposer_key", "proposer_label", "subject_label", "realised",
        "current_plan__predicted",
    )  # fmt: skip
    return [_Measured(*row) for row in found[:_NEWEST]]


def _outcomes(rows: list[_Measured]) -> list[Outcome]:
    found = Proposal.objects.select_related("current_plan").in_bulk([row.pk for row in rows])
    return [outcome_of(found[row.pk]) for row in rows if row.pk in found]


def _scores(rows: list[_Measured]) -> list[ProposerScore]:
    scores: dict[str, ProposerScore] = {}
    for row in rows:
        score = scores.setdefault(row.proposer, ProposerScore(row.proposer_label))
        predicted, realised = row.pair
        score.measured += 1
        score.inside += bool(row.is_inside)
        score.right_sign += (predicted >= 0) == (realised >= 0)
    return sorted(scores.values(), key=lambda score: (-score.measured, score.label))


def _scatters(rows: list[_Measured]) -> list[Scatter]:
    groups: dict[str, list[_Measured]] = {}
    for row in rows:
        groups.setdefault(row.metric, []).append(row)
    return [_scatter(name, group) for name, group in sorted(groups.items())]


def _scatter(metric: str, rows: list[_Measured]) -> Scatter:
    reach = max((abs(value) for row in rows for value in row.pair), default=0.0) or 1.0
    middle = _SIDE / 2
    scale = (middle - _MARGIN) / reach
    dots = tuple(_dot(row, middle, scale) for row in rows)
    return Scatter(metric, dots, middle, f"{reach:,.0f}" if reach >= 10 else f"{reach:.2f}")


def _dot(row: _Measured, middle: float, scale: float) -> Dot:
    predicted, realised = row.pair
    return Dot(
        x=f"{middle + predicted * scale:.1f}",
        y=f"{middle - realised * scale:.1f}",
        is_inside=bool(row.is_inside),
        label=f"{row.subject}: predicted {predicted:+.2f}, realised {realised:+.2f}",
    )
