"""Who comes to the pages of a test, and what one of them brings: what its size rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, Sum

from attribution.models import Site, WebDay
from experiments.engine.statistics import unit_variance
from experiments.models import (
    WHOLE,
    ABTest,
    ABTestMetric,
    ABTestVariant,
    Metric,
    MetricKind,
    MetricRole,
    MetricSource,
    WebsiteABTest,
)
from experiments.selectors.rules import parts_of, policy_of
from experiments.selectors.totals import ENGINE_METRICS, totals_of

#: So many full days tell how many come.
LOOKED_BACK: Final = timedelta(days=14)
#: So many tell of what kind they are.
KINDS_SEEN: Final = timedelta(days=28)
#: Below it an earlier test says little of a unit.
_LEAST_UNITS: Final = 100
_KINDS: Final[Mapping[str, WebDay.Dimension]] = {
    "devices": WebDay.Dimension.DEVICE,
    "countries": WebDay.Dimension.COUNTRY,
    "customer_types": WebDay.Dimension.CUSTOMER,
}


@dataclass(frozen=True)
class Traffic:
    """Units a day where a test lives, and the control's value of its primary metric.

    ``share`` of those who come fit the targeting. ``baseline`` is a rate where ``variance``, that
    of one unit, is empty; else a mean or a ratio. What nobody knows is empty.
    """

    daily_units: float | None = None
    share: float = 1.0
    baseline: float | None = None
    variance: float | None = None


def traffic_of(test: ABTest, now: datetime) -> Traffic:
    """Read what came to the pages of a test in the last two weeks, and what a unit brings.

    The rate of an event is that of the website's visitors; any other metric is known by the
    control of the newest test that was measured by it.
    """
    primary = primary_of(test)
    place = WebsiteABTest.objects.select_related("site").filter(test=test).first()
    daily, share, rate = (None, 1.0, None) if place is None else _came(test, place, primary, now)
    if rate is not None or primary is None:
        return Traffic(daily, share, rate)
    return Traffic(daily, share, *_known_of(test, primary))


def primary_of(test: ABTest) -> Metric | None:
    """What decides a test."""
    return next((one.metric for one in parts_of(test) if one.role == MetricRole.PRIMARY), None)


def is_rate(metric: Metric | None) -> bool:
    """Whether a metric is the share of units that did something."""
    return metric is None or metric.kind == MetricKind.BINOMIAL


def _came(
    test: ABTest, place: WebsiteABTest, primary: Metric | None, now: datetime
) -> tuple[float | None, float, float | None]:
    """Units a day, the share of people who fit, and the rate of the event that is measured."""
    today = now.astimezone(test.workspace.zone).date()
    rows = WebDay.objects.filter(site=place.site_id, day__gte=today - LOOKED_BACK, day__lt=today)
    event = _event(primary)
    found = rows.aggregate(
        days=Count("day", distinct=True),
        there=Sum("visitors", filter=_pages(place.page_pattern)),
        all=Sum("visitors", filter=Q(dimension=WebDay.Dimension.TOTAL)),
        did=Sum("visitors", filter=Q(dimension=WebDay.Dimension.EVENT, key=event)),
    )
    fits = share_that_fits(place.site, test.targeting, now)
    if not found["days"] or not found["there"]:
        return None, fits, None
    share = test.traffic * (test.layer_to - test.layer_from) / WHOLE**2
    holdout = policy_of(test.workspace).holdout / WHOLE
    daily = found["there"] / found["days"] * share * (1 - holdout) * fits
    if not event or not found["all"]:
        return daily, fits, None
    # Nobody did it yet: that is no rate that a size could rest on.
    return daily, fits, min(1.0, (found["did"] or 0) / found["all"]) or None


def share_that_fits(site: Site, targeting: Mapping[str, Sequence[str]], now: datetime) -> float:
    """Share of a site's sessions in four weeks by devices, countries and customer types asked for.

    As if these had nothing to do with each other; parameters of the address are not looked at.
    Where no session came yet nobody is left out.
    """
    asked = {name: list(targeting[name]) for name in _KINDS if targeting.get(name)}
    if not asked:
        return 1.0
    today = now.astimezone(site.workspace.zone).date()
    found = WebDay.objects.filter(
        site=site, day__gte=today - KINDS_SEEN, day__lt=today
    ).aggregate(
        all=Sum("sessions", filter=Q(dimension=WebDay.Dimension.TOTAL)),
        **{
            name: Sum("sessions", filter=Q(dimension=_KINDS[name], key__in=wanted))
            for name, wanted in asked.items()
        },
    )  # fmt: skip
    share = 1.0
    for name in asked if found["all"] else ():
        share *= min(1.0, (found[name] or 0) / found["all"])
    return share


def _known_of(test: ABTest, metric: Metric) -> tuple[float | None, float | None]:
    """Value and variance of a unit in the control of the newest test by the same metric."""
    part = (
        ABTestMetric.objects.filter(
            metric=metric, workspace=test.workspace_id, test__started_at__isnull=False
        )
        .exclude(test=test)
        .select_related("test__workspace")
        .order_by("-test__started_at", "-test")
        .first()
    )
    if part is None:
        return None, None
    control = ABTestVariant.objects.filter(test=part.test, is_control=True).first()
    totals, _ = totals_of(part.test, [metric])
    arm = totals.get("", {}).get((metric.pk, control.pk)) if control else None
    if arm is None or arm.n < _LEAST_UNITS:
        return None, None
    below = arm.denominator_sum if metric.kind == MetricKind.RATIO else arm.n
    try:
        variance = unit_variance(arm, ENGINE_METRICS[metric.kind])
    except ValueError:
        return None, None
    value = float(arm.sum) / float(below or 1)
    return value, None if is_rate(metric) else variance


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
