"""How many units a test needs, and how long its pages take to bring them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, Sum

from attribution.models import WebDay
from experiments.engine.statistics import Design, runtime, sample_size, sequential_size
from experiments.models import (
    WHOLE,
    ABTest,
    Method,
    Metric,
    MetricKind,
    MetricRole,
    MetricSource,
    WebsiteABTest,
)
from experiments.selectors.rules import parts_of, policy_of

#: So many full days tell how many come.
LOOKED_BACK: Final = timedelta(days=14)


@dataclass(frozen=True)
class Traffic:
    """Visitors a day where a test lives, and the share of them that does what it measures."""

    daily_units: float | None
    baseline: float | None


@dataclass(frozen=True)
class Sizing:
    """Units that a test needs; ``days`` is empty where nobody knows how many come."""

    units: int  # of each variant
    total_units: int
    typical_units: int | None  # of each, by which half of the always-valid tests have called it
    days: int | None
    fits: bool | None


def sizing_of(
    *,
    baseline: float,
    minimum_effect: float,
    alpha: float = 0.05,
    power: float = 0.80,
    variants: int = 2,
    variance: float | None = None,
    method: str = Method.ALWAYS_VALID,
    daily_units: float | None = None,
    min_days: int = 7,
    max_days: int = 14,
) -> Sizing:
    """Size a test of an even split.

    Raises
    ------
    ValueError : a number is out of its range; the text names it
    """
    design = Design(alpha=alpha, power=power, comparisons=variants - 1)
    units = sample_size(baseline, minimum_effect, variance=variance, design=design)
    typical = None
    if method == Method.ALWAYS_VALID:
        sequential = sequential_size(baseline, minimum_effect, variance=variance, design=design)
        units, typical = sequential.at_power, sequential.typical
    total = units * variants
    if not daily_units:
        return Sizing(units, total, typical, None, None)
    found = runtime(total, daily_units, least=min_days, most=max_days)
    return Sizing(units, total, typical, found.days, found.fits)


def sizing_for(test: ABTest, now: datetime) -> Sizing | None:
    """Size a draft by what its pages saw lately; ``None`` where that says nothing."""
    traffic = traffic_of(test, now)
    count = test.variants.count()
    if traffic.baseline is None or not 0 < traffic.baseline < 1 or count < 2:
        return None
    lift = test.minimum_effect_bp / WHOLE
    if traffic.baseline * (1 + lift) > 1:
        return None
    return sizing_of(
        baseline=traffic.baseline,
        minimum_effect=lift,
        alpha=test.alpha_bp / WHOLE,
        power=test.power_bp / WHOLE,
        variants=count,
        method=test.method,
        daily_units=traffic.daily_units,
        min_days=test.min_days,
        max_days=test.max_days,
    )


def traffic_of(test: ABTest, now: datetime) -> Traffic:
    """Read what came to the pages of a test in the last two weeks; of websites only."""
    place = WebsiteABTest.objects.filter(test=test).first()
    if place is None:
        return Traffic(None, None)
    today = now.astimezone(test.workspace.zone).date()
    rows = WebDay.objects.filter(site=place.site_id, day__gte=today - LOOKED_BACK, day__lt=today)
    pages = _pages(place.page_pattern)
    found = rows.aggregate(
        days=Count("day", distinct=True),
        there=Sum("visitors", filter=pages),
        all=Sum("visitors", filter=Q(dimension=WebDay.Dimension.TOTAL)),
    )
    if not found["days"] or not found["there"]:
        return Traffic(None, None)
    share = test.traffic * (test.layer_to - test.layer_from) / WHOLE**2
    holdout = policy_of(test.workspace).holdout / WHOLE
    daily = found["there"] / found["days"] * share * (1 - holdout)
    primary = next((one.metric for one in parts_of(test) if one.role == MetricRole.PRIMARY), None)
    event = _event(primary)
    if not event or not found["all"]:
        return Traffic(daily, None)
    did = rows.filter(dimension=WebDay.Dimension.EVENT, key=event).aggregate(Sum("visitors"))
    return Traffic(daily, min(1.0, (did["visitors__sum"] or 0) / found["all"]))


def _event(metric: Metric | None) -> str:
    """Event of a conversion that pages tell of."""
    is_told = (
        metric is not None
        and metric.kind == MetricKind.BINOMIAL
        and metric.source == MetricSource.WEBSITE_EVENT
    )
    return metric.event if metric is not None and is_told else ""


def _pages(pattern: str) -> Q:
    if not pattern.strip("*"):
        return Q(dimension=WebDay.Dimension.TOTAL)
    parts = [_quoted(part) for part in pattern.split("*")]
    return Q(dimension=WebDay.Dimension.PAGE, key__regex=f"^{'.*'.join(parts)}$")


def _quoted(text: str) -> str:
    """Text as itself in a regular expression of PostgreSQL."""
    return "".join(f"\\{one}" if not one.isalnum() and one.isascii() else one for one in text)
