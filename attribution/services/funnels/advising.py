"""Recommendations: made from a funnel's figures, decided by people, measured afterwards."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Sum

from attribution.engine.funnel_advice import (
    FunnelFigures,
    LandingPage,
    Recommendation,
    Segment,
    StepCount,
    advise,
)
from attribution.models import (
    AdviceStatus,
    FunnelDefinition,
    OptimizationRecommendation,
    WebDay,
)
from attribution.selectors.funnels.results import bars_of, breakdown_of, usual_period
from attribution.selectors.funnels.shapes import FunnelView
from workspaces.models import User
from workspaces.periods import Period
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError

DIMENSIONS: Final = ("device", "source", "customer_type")
MOST: Final = 10
SEEN_DAYS: Final = 28
MEASURED_AFTER_DAYS: Final = 28
# What people turned down comes back when the figures still say so after so long.
RESTS_FOR: Final = timedelta(days=60)
_LANDINGS: Final = 50
_MOVES: Final = {
    AdviceStatus.PENDING: {AdviceStatus.ACCEPTED, AdviceStatus.REJECTED, AdviceStatus.IMPLEMENTED},
    AdviceStatus.ACCEPTED: {AdviceStatus.REJECTED, AdviceStatus.IMPLEMENTED},
    AdviceStatus.REJECTED: {AdviceStatus.ACCEPTED},
    AdviceStatus.IMPLEMENTED: set(),
}


class AdviceError(RefusedError):
    """A recommendation that cannot be decided so."""

    status = 409


def advise_on(*, funnel: FunnelDefinition, now: datetime) -> int:
    """Make the recommendations of a funnel anew; returns how many wait now.

    What waits and is no longer found goes; what people decided stays as it is, and is not made
    again while it is accepted or fresh.
    """
    period = usual_period(funnel, now=now, days=SEEN_DAYS)
    figures = figures_of(funnel, period)
    found = advise(figures, limit=MOST) if figures else []
    with transaction.atomic():
        lock_names([f"advice:{funnel.pk}"])
        rows = OptimizationRecommendation.objects.filter(funnel=funnel)
        settled = _settled(funnel, now)
        wanted = {(one.kind.value, one.area[:500]): one for one in found}
        fresh = {key: one for key, one in wanted.items() if key not in settled}
        for row in rows.filter(status=AdviceStatus.PENDING):
            if (row.kind, row.area) not in fresh:
                row.delete()
        for (kind, area), one in fresh.items():
            rows.update_or_create(
                funnel=funnel,
                kind=kind,
                area=area,
                status=AdviceStatus.PENDING,
                defaults={"workspace_id": funnel.workspace_id, **_fields(one, period)},
            )
    return len(fresh)


def _settled(funnel: FunnelDefinition, now: datetime) -> set[tuple[str, str]]:
    rows = OptimizationRecommendation.objects.filter(funnel=funnel)
    return {
        (row.kind, row.area)
        for row in rows.exclude(status=AdviceStatus.PENDING)
        if row.status == AdviceStatus.ACCEPTED
        or (row.reviewed_at is not None and row.reviewed_at > now - RESTS_FOR)
    }


def _fields(one: Recommendation, period: Period) -> dict[str, Any]:
    return {
        "problem": one.problem,
        "impact": one.impact,
        "change": one.change,
        "steps": list(one.steps),
        "expected_gain": one.expected_gain,
        "gain_text": one.gain_text,
        "evidence": dict(one.evidence),
        "confidence": min(1.0, max(0.0, one.confidence)),
        "test": asdict(one.test),
        "since": period.since,
        "until": period.until,
    }


def figures_of(funnel: FunnelDefinition, period: Period) -> FunnelFigures | None:
    """What is known of a funnel in a period; ``None`` where nobody entered it."""
    view = FunnelView(funnel, period)
    bars = bars_of(view)
    if view.n_steps < 2 or not bars.entered:
        return None
    return FunnelFigures(
        days=(period.until - period.since).days + 1,
        steps=tuple(
            StepCount(step.name, step.reached, step.median_seconds, step.p90_seconds)
            for step in bars.steps
        ),
        segments=tuple(
            Segment(dimension, line.key, tuple(line.reached))
            for dimension in DIMENSIONS
            for line in breakdown_of(view, dimension)
            if line.key
        ),
        landings=_landing_pages(funnel, period),
    )


def _landing_pages(funnel: FunnelDefinition, period: Period) -> tuple[LandingPage, ...]:
    rows = WebDay.objects.filter(
        workspace_id=funnel.workspace_id,
        dimension=WebDay.Dimension.LANDING,
        day__range=(period.since, period.until),
    ).exclude(key="")
    if funnel.site_id is not None:
        rows = rows.filter(site=funnel.site_id)
    sums = rows.values("key").annotate(
        n=Sum("sessions"), left=Sum("bounces"), bought=Sum("conversions")
    )
    return tuple(
        LandingPage(row["key"], row["n"], row["left"], row["bought"])
        for row in sums.order_by("-n", "key")[:_LANDINGS]
    )


@transaction.atomic
def decide(
    *,
    recommendation: OptimizationRecommendation,
    status: AdviceStatus,
    by: User,
    now: datetime,
    test_key: str = "",
) -> OptimizationRecommendation:
    """Accept, reject, or say that it was done.

    Raises
    ------
    AdviceError : decided otherwise meanwhile
    """
    rows = OptimizationRecommendation.objects.select_for_update()
    row = rows.get(pk=recommendation.pk)
    if status not in _MOVES[AdviceStatus(row.status)]:
        raise AdviceError(
            f"“{row.area}” is {row.get_status_display().lower()}; it cannot become"
            f" {status.label.lower()}."
        )
    row.status, row.reviewed_by, row.reviewed_at = status, by, now
    row.implemented_at = now if status == AdviceStatus.IMPLEMENTED else None
    row.test_key = test_key or row.test_key
    row.save(
        update_fields=["status", "reviewed_by", "reviewed_at", "implemented_at", "test_key",
                       "updated_at"]
    )  # fmt: skip
    return row


@transaction.atomic
def take_up(
    *, recommendation: OptimizationRecommendation, test_key: str, by: User, now: datetime
) -> OptimizationRecommendation:
    """Note the test that a recommendation became; that accepts it.

    Raises
    ------
    AdviceError : it was done already
    """
    row = OptimizationRecommendation.objects.select_for_update().get(pk=recommendation.pk)
    if row.status != AdviceStatus.ACCEPTED:
        return decide(
            recommendation=row, status=AdviceStatus.ACCEPTED, by=by, now=now, test_key=test_key
        )
    row.test_key = test_key
    row.save(update_fields=["test_key", "updated_at"])
    return row


def measure_gains(*, funnel: FunnelDefinition, now: datetime) -> int:
    """Measure what was done four weeks ago or longer; returns how many were measured.

    The conversions of the four weeks after it, less those that the rate of the weeks before would
    have given the same people.
    """
    due = OptimizationRecommendation.objects.filter(
        funnel=funnel,
        measured_gain=None,
        implemented_at__lte=now - timedelta(days=MEASURED_AFTER_DAYS + 1),
    )
    return sum(_measure(row, funnel) for row in due)


def _measure(row: OptimizationRecommendation, funnel: FunnelDefinition) -> bool:
    if row.implemented_at is None:
        return False
    done_on = row.implemented_at.astimezone(funnel.workspace.zone).date()
    after = Period(done_on + timedelta(days=1), done_on + timedelta(days=MEASURED_AFTER_DAYS))
    view = FunnelView(funnel, after)
    now_bars, then_bars = bars_of(view), bars_of(FunnelView(funnel, _before(row)))
    if then_bars.rate is None:
        return False
    row.measured_gain = now_bars.completed - then_bars.rate * now_bars.entered
    row.save(update_fields=["measured_gain", "updated_at"])
    return True


def _before(row: OptimizationRecommendation) -> Period:
    return Period(row.since, row.until)
