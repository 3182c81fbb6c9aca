"""What became of the people of a funnel: bars, trend, breakdown, times, and who they are.

Everything is read from entries: of each person in the asked days the furthest attempt counts, of
equally far ones the one that got there first, started as late as it can be. Answers are kept until
the funnel is counted again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.cache import cache
from django.db import connection

from attribution.models import FunnelDefinition
from attribution.selectors.funnels.shapes import (
    DIMENSIONS,
    Bars,
    FunnelView,
    Line,
    StepBar,
    TimeBar,
    Walker,
    share,
)
from workspaces.periods import Period, yesterday_of

#: Ends of the bars of the histogram, in seconds.
TIME_EDGES: Final = (
    60, 300, 900, 3_600, 3 * 3_600, 12 * 3_600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400,
    30 * 86_400,
)  # fmt: skip
MOST_ROWS: Final = 100
PAGE_SIZE: Final = 50
_KEPT_S: Final = 6 * 3_600

Rows = list[list[Any]]


def bars_of(view: FunnelView) -> Bars:
    """Count steps, rates, drop-offs and times between steps, and the money at the end."""
    numbers = range(1, view.n_steps + 1)
    gaps = [f"step_seconds[{n}] - step_seconds[{max(n - 1, 1)}]" for n in numbers]
    gaps.append(f"step_seconds[{view.n_steps}]")
    levels = [*numbers, view.n_steps]
    columns = [f"count(*) FILTER (WHERE level >= {n})" for n in numbers]
    columns += [
        f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {gap})"
        f" FILTER (WHERE level >= {level})"
        for gap, level in zip(gaps, levels, strict=True)
    ]
    chosen, given = _chosen(view)
    text = f"SELECT {', '.join(columns)}, coalesce(sum(value), 0)::text FROM ({chosen}) c"
    row = _kept(view, "bars", text, given)[0]
    reached, times = row[: view.n_steps], row[view.n_steps : -1]
    return Bars(
        steps=tuple(_step(view, reached, times, n) for n in numbers),
        revenue=Decimal(row[-1]),
        median_seconds=_of(times[-1], 0),
        p90_seconds=_of(times[-1], 1),
    )


def _step(view: FunnelView, reached: Sequence[int], times: Sequence[Any], n: int) -> StepBar:
    before = reached[n - 2] if n > 1 else reached[0]
    here = reached[n - 1]
    return StepBar(
        number=n,
        name=view.funnel.step_names[n - 1],
        reached=here,
        rate_from_previous=share(here, before),
        rate_from_first=share(here, reached[0]),
        dropped=before - here,
        drop_off=share(before - here, before) if n > 1 else None,
        median_seconds=_of(times[n - 1], 0) if n > 1 else None,
        p90_seconds=_of(times[n - 1], 1) if n > 1 else None,
    )


def _of(times: Sequence[float] | None, place: int) -> float | None:
    return None if times is None else float(times[place])


def trend_of(view: FunnelView) -> list[Line]:
    """Each day by itself: somebody who comes on two days counts on both; empty days are zero."""
    entries, given = _entries(view)
    text = _lines("entered_on::text", f"({entries}) c", view.n_steps)
    found = {line.key: line for line in map(_line, _kept(view, "trend", text, given))}
    since, until = view.period.since, view.period.until
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    nothing = (0,) * view.n_steps
    return [
        found.get(day.isoformat(), Line(day.isoformat(), 0, 0, Decimal(0), nothing)) for day in days
    ]


def breakdown_of(view: FunnelView, dimension: str) -> list[Line]:
    """Figures by source, device, customer type or variant; somebody with two keys is in both.

    Raises
    ------
    ValueError : no such dimension
    """
    if dimension not in DIMENSIONS:
        raise ValueError(f"dimension is {dimension!r}: choose one of {', '.join(DIMENSIONS)}")
    entries, given = _entries(view)
    if dimension == "variant":
        keyed = (
            f"SELECT e.*, v.key || ':' || v.value AS dimension FROM ({entries}) e"
            " CROSS JOIN LATERAL jsonb_each_text(e.variants) v"
        )
    else:
        keyed = f"SELECT e.*, e.{dimension} AS dimension FROM ({entries}) e"
    chosen = _furthest(keyed, "dimension, visitor_key")
    text = _lines("dimension", f"({chosen}) c", view.n_steps)
    text += f" ORDER BY 2 DESC, 1 LIMIT {MOST_ROWS}"
    return [_line(row) for row in _kept(view, f"by-{dimension}", text, given)]


def times_of(view: FunnelView) -> list[TimeBar]:
    """How long those who got to the end took, in bars that widen; none beyond the window."""
    edges = [edge for edge in TIME_EDGES if edge < view.funnel.window_seconds]
    chosen, given = _chosen(view)
    # Ends belong to the bar before them, so negative times are counted from negative ends.
    text = (
        f"SELECT width_bucket(-step_seconds[{view.n_steps}], %(edges)s::float8[]), count(*)"
        f" FROM ({chosen}) c WHERE level = {view.n_steps} GROUP BY 1"
    )
    given["edges"] = [-float(edge) for edge in reversed(edges)]
    found = {int(bar): int(people) for bar, people in _kept(view, "times", text, given)}
    ends: list[int | None] = [*edges, None]
    return [TimeBar(end, found.get(len(edges) - n, 0)) for n, end in enumerate(ends)]


def people_sql(view: FunnelView, step: int, *, dropped: bool) -> tuple[str, dict[str, Any]]:
    """SQL of those who reached a step, or who reached the one before it and no more.

    Raises
    ------
    ValueError : no such step
    """
    if not (2 if dropped else 1) <= step <= view.n_steps:
        raise ValueError(f"step is {step}: this funnel has {view.n_steps}, and none drop at 1")
    chosen, given = _chosen(view)
    level = f"level = {step - 1}" if dropped else f"level >= {step}"
    return f"SELECT * FROM ({chosen}) c WHERE {level}", given


def people_of(
    view: FunnelView, step: int, *, dropped: bool = False, page: int = 1, size: int = PAGE_SIZE
) -> list[Walker]:
    """One page of those who reached a step, or were lost on the way to it; the newest first."""
    text, given = people_sql(view, step, dropped=dropped)
    given |= {"size": size, "skip": (max(page, 1) - 1) * size}
    text = f"""
        SELECT p.visitor_key, v.public_id, h.public_id, p.level, p.started_at,
               p.step_seconds[p.level], p.value, p.source, p.device, p.customer_type
          FROM (SELECT * FROM ({text}) p ORDER BY started_at DESC, visitor_key
                 LIMIT %(size)s OFFSET %(skip)s) p
          LEFT JOIN LATERAL (
              SELECT public_id, person_id FROM attribution_visitor v
               WHERE v.workspace_id = %(workspace)s AND v.key = p.visitor_key
                 AND v.site_id IN (SELECT id FROM attribution_site
                                    WHERE workspace_id = %(workspace)s)
               ORDER BY v.id LIMIT 1) v ON true
          LEFT JOIN attribution_person h ON h.id = v.person_id
         ORDER BY p.started_at DESC, p.visitor_key"""
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        return [Walker(*row) for row in cursor.fetchall()]


def values_of(view: FunnelView) -> dict[str, list[str]]:
    """What there is to filter by in these days."""
    entries, given = _entries(FunnelView(view.funnel, view.period))
    text = " UNION ALL ".join(
        f"(SELECT '{name}', {name}, count(*) FROM ({entries}) e GROUP BY 2"
        f" ORDER BY 3 DESC, 2 LIMIT {MOST_ROWS})"
        for name in ("source", "device", "customer_type")
    )
    text += (
        " UNION ALL (SELECT 'variant', v.key || ':' || v.value, count(*)"
        f" FROM ({entries}) e CROSS JOIN LATERAL jsonb_each_text(e.variants) v"
        f" GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT {MOST_ROWS})"
    )
    found: dict[str, list[str]] = {name: [] for name in DIMENSIONS}
    for name, value, _ in _kept(view, "values", text, given):
        found[name].append(value)
    return found


def _lines(key: str, rows: str, n_steps: int) -> str:
    counts = ", ".join(f"count(*) FILTER (WHERE level >= {n})" for n in range(1, n_steps + 1))
    return (
        f"SELECT {key}, count(*), coalesce(sum(value), 0)::text, ARRAY[{counts}] FROM {rows}"
        " GROUP BY 1"
    )


def _line(row: Sequence[Any]) -> Line:
    key, entered, revenue, reached = row
    return Line(key, entered, reached[-1], Decimal(revenue), tuple(reached))


def _entries(view: FunnelView) -> tuple[str, dict[str, Any]]:
    """Entries of the days that pass the filters."""
    given: dict[str, Any] = {
        "workspace": view.funnel.workspace_id,
        "funnel": view.funnel.pk,
        "since": view.period.since,
        "until": view.period.until,
    }
    where = ""
    for name, value in view.filters.as_json().items():
        if name == "variant":
            test, _, variant = value.partition(":")
            where += " AND variants @> %(variant)s::jsonb"
            given[name] = json.dumps({test: variant})
        else:
            where += f" AND {name} = %({name})s"
            given[name] = value
    text = (
        "SELECT visitor_key, entered_on, level, started_at, step_seconds, value, source, device,"
        " customer_type, variants FROM attribution_funnelentry WHERE workspace_id = %(workspace)s"
        " AND funnel_id = %(funnel)s AND entered_on >= %(since)s AND entered_on <= %(until)s"
    )
    return text + where, given


def _chosen(view: FunnelView) -> tuple[str, dict[str, Any]]:
    entries, given = _entries(view)
    return _furthest(entries, "visitor_key"), given


def _furthest(entries: str, unit: str) -> str:
    return (
        f"SELECT DISTINCT ON ({unit}) * FROM ({entries}) e ORDER BY {unit}, level DESC,"
        " started_at + step_seconds[level] * interval '1 second', started_at DESC"
    )


def _kept(view: FunnelView, what: str, text: str, given: dict[str, Any]) -> Rows:
    """Rows of a query, from the cache while the funnel is as it was counted."""

    def read() -> Rows:
        with connection.cursor() as cursor:
            cursor.execute(text, given)
            return [list(row) for row in cursor.fetchall()]

    rows: Rows = cache.get_or_set(_name(view, what), read, _KEPT_S) or []
    return rows


def _name(view: FunnelView, what: str) -> str:
    funnel = view.funnel
    asked = json.dumps(
        [
            funnel.version, str(funnel.refreshed_at), what, view.period.since.isoformat(),
            view.period.until.isoformat(), view.filters.as_json(), funnel.step_names,
        ]
    )  # fmt: skip
    return f"funnel:{funnel.pk}:{hashlib.sha256(asked.encode()).hexdigest()[:40]}"


def usual_period(funnel: FunnelDefinition, *, now: datetime, days: int = 28) -> Period:
    """Days up to yesterday in the workspace's zone."""
    return Period.ending(yesterday_of(funnel.workspace, now), days)
