"""Predicted against realised effects, by who predicted."""

from __future__ import annotations

from dataclasses import dataclass, field

from workspaces.formats import number_of
from workspaces.models import Proposal, Status, Workspace
from workspaces.selectors_proposal import Outcome, outcome_of

_NEWEST = 1000
_SIDE = 360
_MARGIN = 34


@dataclass(frozen=True)
class Dot:
    """One measured change in the drawing."""

    x: float
    y: float
    is_inside: bool
    label: str


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


def calibration_of(*, workspace: Workspace, kind: str = "ad_change") -> Calibration:
    """Newest measured changes; those not separable from others are counted and left out."""
    executed = Proposal.objects.filter(
        workspace=workspace, kind=kind, status__in=[Status.EXECUTED, Status.REVERTED]
    )
    rows = list(
        executed.filter(measured_at__isnull=False)
        .select_related("current_plan")
        .order_by("-measured_at", "-pk")[:_NEWEST]
    )
    outcomes = [outcome_of(row) for row in rows]
    known = [outcome for outcome in outcomes if outcome.is_inside is not None]
    return Calibration(
        scores=_scores(known),
        scatters=_scatters(known),
        newest=known[:20],
        left_out=len(outcomes) - len(known),
        waiting=executed.filter(
            # What was undone is not measured. So it is also the index of what is to be.
            status=Status.EXECUTED,
            measured_at=None,
            measure_after__isnull=False,
        )[:_NEWEST].count(),
        all_measured=len(known),
    )


def _scores(outcomes: list[Outcome]) -> list[ProposerScore]:
    scores: dict[str, ProposerScore] = {}
    for outcome in outcomes:
        proposal = outcome.proposal
        score = scores.setdefault(proposal.proposer_key, ProposerScore(proposal.proposer_label))
        predicted, realised = _pair(outcome)
        score.measured += 1
        score.inside += bool(outcome.is_inside)
        score.right_sign += (predicted >= 0) == (realised >= 0)
    return sorted(scores.values(), key=lambda score: (-score.measured, score.label))


def _pair(outcome: Outcome) -> tuple[float, float]:
    plan = outcome.proposal.current_plan
    predicted = (plan.predicted if plan else None) or {}
    realised = outcome.proposal.realised or {}
    return float(number_of(predicted.get("delta")) or 0), float(
        number_of(realised.get("delta")) or 0
    )


def _scatters(outcomes: list[Outcome]) -> list[Scatter]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        plan = outcome.proposal.current_plan
        predicted = (plan.predicted if plan else None) or {}
        currency = f" ({predicted['currency']})" if predicted.get("currency") else ""
        name = f"{predicted.get('metric', 'effect')}{currency}".replace("_", " ")
        groups.setdefault(name, []).append(outcome)
    return [_scatter(name, group) for name, group in sorted(groups.items())]


def _scatter(metric: str, outcomes: list[Outcome]) -> Scatter:
    pairs = [_pair(outcome) for outcome in outcomes]
    reach = max((abs(value) for pair in pairs for value in pair), default=0.0) or 1.0
    middle = _SIDE / 2
    scale = (middle - _MARGIN) / reach
    dots = tuple(
        Dot(
            x=round(middle + predicted * scale, 1),
            y=round(middle - realised * scale, 1),
            is_inside=bool(outcome.is_inside),
            label=f"{outcome.proposal.subject_label}: predicted {predicted:+.2f}, "
            f"realised {realised:+.2f}",
        )
        for outcome, (predicted, realised) in zip(outcomes, pairs, strict=True)
    )
    return Scatter(metric, dots, middle, f"{reach:,.0f}" if reach >= 10 else f"{reach:.2f}")
