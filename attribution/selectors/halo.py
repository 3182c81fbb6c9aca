"""Paid and organic conversions day by day, and how they move together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import Q, Sum

from attribution.engine.halo import Halo, ThinDataError, halo
from attribution.engine.journeys import FloatArray
from attribution.models import ChannelPerformance
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.reports.shapes import DotChart

_WIDE, _HIGH, _EDGE = 340, 190, 8
_POINTS = 24


@dataclass(frozen=True)
class HaloFound:
    """The fit and the days that it was made of; without a fit, why not."""

    period: Period
    paid: FloatArray
    organic: FloatArray
    fit: Halo | None
    why_not: str


@dataclass(frozen=True)
class HaloChart:
    """Days as dots and the curve through them, in the drawing's own units."""

    dots: list[tuple[float, float]]
    path: str
    most_paid: int
    most_organic: int
    width: int = _WIDE
    height: int = _HIGH


def halo_of(workspace: Workspace, period: Period) -> HaloFound:
    """Fit organic conversions of each day on its paid ones; by their last touch."""
    rows = (
        ChannelPerformance.objects.filter(
            workspace=workspace, day__gte=period.since, day__lte=period.until
        )
        .values("day")
        .annotate(
            paid=Sum("conversions", filter=Q(campaign__isnull=False), default=0),
            organic=Sum("conversions", filter=Q(campaign=None), default=0),
        )
        .order_by("day")
    )
    found = {row["day"]: (row["paid"], row["organic"]) for row in rows}
    days = _days(min(found), max(found)) if found else []
    return fit_days(period, {day: found.get(day, (0, 0)) for day in days}, units="conversions")


def fit_days(period: Period, days: Mapping[date, tuple[float, float]], *, units: str) -> HaloFound:
    """Fit the second figure of consecutive days on the first one."""
    counts = np.array(list(days.values()), dtype=np.float64).reshape(-1, 2)
    paid, organic = counts[:, 0], counts[:, 1]
    weekdays = np.array([day.weekday() for day in days], dtype=np.float64)
    try:
        fit = halo(paid, organic, weekdays, units=units)
    except ThinDataError as error:
        return HaloFound(period, paid, organic, None, str(error))
    return HaloFound(period, paid, organic, fit, "")


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def curve_of(found: HaloFound) -> tuple[tuple[float, float], ...]:
    """Organic units at paid ones by the fit, over what was seen; nothing without a fit."""
    if found.fit is None:
        return ()
    across = np.linspace(float(found.paid.min()), float(found.paid.max()), _POINTS)
    upwards = found.fit.expected(np.maximum(across, 0.5))
    return tuple(zip(across.tolist(), upwards.tolist(), strict=True))


def file_of(found: HaloFound, units: str) -> DotChart | None:
    """The chart of a fit as a file draws it; none without one."""
    fit = found.fit
    if fit is None:
        return None
    return DotChart(
        f"Halo: do organic {units} follow paid ones?",
        f"Paid {units} of a day",
        f"Organic {units} of the same day",
        dots=tuple(zip(found.paid.tolist(), found.organic.tolist(), strict=True)),
        curve=curve_of(found),
        note=f"Elasticity {fit.elasticity:.2f} (95 %: {fit.low:.2f} to {fit.high:.2f});"
        " days of the week and a steady trend are taken out. Moving together is not cause.",
    )


def chart_of(found: HaloFound) -> HaloChart | None:
    """Draw a fit; none without one."""
    if found.fit is None:
        return None
    curve = curve_of(found)
    top_x = float(found.paid.max())
    top_y = max(float(found.organic.max()), *(y for _, y in curve))

    def place(x: float, y: float) -> tuple[float, float]:
        inner_w, inner_h = _WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE
        return round(_EDGE + inner_w * x / top_x, 1), round(_EDGE + inner_h * (1 - y / top_y), 1)

    points = [place(x, y) for x, y in curve]
    pairs = zip(found.paid.tolist(), found.organic.tolist(), strict=True)
    return HaloChart(
        dots=[place(x, y) for x, y in pairs],
        path="M" + " L".join(f"{x},{y}" for x, y in points),
        most_paid=round(top_x),
        most_organic=round(top_y),
    )
