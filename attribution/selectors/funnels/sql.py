"""Funnels in SQL: which event serves which step, and how far people get, counted in place.

Each step carries, from event to event of a person, when the latest attempt that came so far began:
a running maximum. Only the time since its start limits an attempt, so the one that began last can
do whatever any other can (as in ``attribution.engine.funnel``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from attribution.engine.funnel_definition import Definition, Matcher, PropertyFilter
from attribution.models import WebEvent

#: Pings about a page that is open. No act of a person, so strict order looks through them.
PINGS: Final = ("scroll", "engagement", "identify")
TABLE: Final = WebEvent._meta.db_table
# The day that an event is stored under is that of a browser's clock, as far as it is trusted.
ASTRAY: Final = timedelta(days=1)
_SIGNS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_PRECEDING: Final = (
    "(PARTITION BY v ORDER BY t, i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
)


@dataclass(frozen=True)
class Question:
    """Whose events a funnel is counted over: attempts that start in [since, until)."""

    definition: Definition
    workspace_id: int
    site_id: int | None
    since: datetime
    until: datetime

    @property
    def read_until(self) -> datetime:
        """When the last attempt has run out, a moment after its last chance."""
        window = timedelta(seconds=self.definition.window_seconds, microseconds=1)
        return self.until + window


@dataclass
class Parameters:
    """Values by the names that the SQL calls them."""

    given: dict[str, Any] = field(default_factory=dict)

    def name(self, value: object) -> str:
        """Place of a value in the SQL."""
        name = f"p{len(self.given)}"
        self.given[name] = value
        return f"%({name})s"


def like(glob: str) -> str:
    """Pattern of LIKE for a glob: `*` is any run of characters, all else is meant literally."""
    for special in "\\%_":
        glob = glob.replace(special, "\\" + special)
    return glob.replace("*", "%")


def condition(matcher: Matcher, parameters: Parameters) -> str:
    """Tell whether an event `e` fits a matcher; never NULL."""
    column = "e.path" if matcher.kind == "page" else "e.name"
    if "*" in matcher.match:
        text = f"{column} LIKE {parameters.name(like(matcher.match))}"
    else:
        text = f"{column} = {parameters.name(matcher.match)}"
    parts = ["e.type = 'page_view'"] if matcher.kind == "page" else []
    parts += [text, *(_holds(one, parameters) for one in matcher.where)]
    return f"({' AND '.join(parts)})"


def _holds(one: PropertyFilter, parameters: Parameters) -> str:
    name = parameters.name(one.name)
    found, words = f"(e.properties -> {name})", f"(e.properties ->> {name})"
    if one.operator == "exists":
        return f"(e.properties ? {name})"
    if one.operator == "contains":
        return f"coalesce(strpos({words}, {parameters.name(one.value)}) > 0, false)"
    if one.operator in _SIGNS:
        compared = f"{_SIGNS[one.operator]} {parameters.name(str(one.value))}::numeric"
        # A cast of what is no number would fail, and AND may try it first.
        return (
            f"(CASE jsonb_typeof{found} WHEN 'number' THEN {words}::numeric {compared}"
            " ELSE false END)"
        )
    differs = "IS DISTINCT FROM" if one.operator == "ne" else "IS NOT DISTINCT FROM"
    # A text fits a number that reads the same: people do not see which of them a page sent.
    if isinstance(one.value, str):
        return f"({words} {differs} {parameters.name(one.value)})"
    return f"({found} {differs} {parameters.name(json.dumps(one.value))}::jsonb)"


def _served(matchers: Sequence[Matcher], parameters: Parameters) -> str:
    return f"({' OR '.join(condition(one, parameters) for one in matchers)})"


@dataclass(frozen=True)
class Source:
    """Parts of the query that reads a funnel's events; bits of `mask` are steps, then excluded."""

    mask: str
    where: str


def source_of(question: Question, parameters: Parameters) -> Source:
    """What the events of a funnel are, and which of them count."""
    definition = question.definition
    steps = [_served(step.any_of, parameters) for step in definition.steps]
    if definition.exclusions:
        steps.append(_served(definition.exclusions, parameters))
    bits = (f"{condition}::int << {bit}" for bit, condition in enumerate(steps))
    counts = [*steps]
    if definition.is_strict:
        counts.append(f"e.type <> ALL({parameters.name(list(PINGS))})")
    where = [
        f"e.workspace_id = {parameters.name(question.workspace_id)}",
        f"e.at >= {parameters.name(question.since)}",
        f"e.at < {parameters.name(question.read_until)}",
        f"e.day >= {parameters.name((question.since - ASTRAY).date())}",
        f"e.day <= {parameters.name((question.read_until + ASTRAY).date())}",
        f"({' OR '.join(counts)})",
    ]
    if question.site_id is not None:
        where.append(f"e.site_id = {parameters.name(question.site_id)}")
    return Source(" | ".join(f"({bit})" for bit in bits), " AND ".join(where))


def levels_sql(question: Question) -> tuple[str, dict[str, Any]]:
    """SQL of each person's furthest step: columns `v` (visitor key) and `level`."""
    parameters = Parameters()
    source = source_of(question, parameters)
    events = (
        f"SELECT e.visitor_key AS v, e.at AS t, e.event_id AS i, {source.mask} AS m"
        f" FROM {TABLE} e WHERE {source.where}"
    )
    build = _strict if question.definition.is_strict else _ordered
    rows = build(question, events, parameters)
    return f"SELECT v, max(level) AS level FROM ({rows}) r GROUP BY v", parameters.given


def count_sql(question: Question) -> tuple[str, dict[str, Any]]:
    """SQL of one row: how many people reached each step."""
    levels, given = levels_sql(question)
    counts = ", ".join(
        f"count(*) FILTER (WHERE level >= {step})"
        for step in range(1, len(question.definition.steps) + 1)
    )
    return f"SELECT {counts} FROM ({levels}) l", given


def count_people(question: Question) -> list[int]:
    """How many people reached each step, each once, at the furthest of all attempts."""
    text, given = count_sql(question)
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        return [int(count) for count in cursor.fetchone()]


def _starts(question: Question, parameters: Parameters) -> str:
    since, until = parameters.name(question.since), parameters.name(question.until)
    return f"m & 1 <> 0 AND t >= {since} AND t < {until}"


def _window(question: Question, parameters: Parameters) -> str:
    return f"{parameters.name(question.definition.window_seconds)} * interval '1 second'"


def _ordered(question: Question, events: str, parameters: Parameters) -> str:
    n_steps = len(question.definition.steps)
    window, starts = _window(question, parameters), _starts(question, parameters)
    if question.definition.exclusions:
        # The place of the last excluded event before this one: attempts from before it are over.
        number = "row_number() OVER (PARTITION BY v ORDER BY t, i)"
        placed = f"SELECT *, {number} AS n FROM ({events}) e"
        events = (
            f"SELECT *, max(n) FILTER (WHERE m >> {n_steps} & 1 = 1) OVER {_PRECEDING} AS x"
            f" FROM ({placed}) e"
        )
        return _levels_between(events, n_steps, starts, window)
    rows = f"SELECT v, t, i, m, CASE WHEN {starts} THEN t END AS s FROM ({events}) e"
    rows = f"SELECT *, (s IS NOT NULL)::int AS level FROM ({rows}) e"
    for step in range(1, n_steps):
        before = f"SELECT *, max(s) OVER {_PRECEDING} AS b FROM ({rows}) e"
        held = f"m >> {step} & 1 = 1 AND t <= b + {window}"
        rows = (
            f"SELECT v, t, i, m, CASE WHEN {held} THEN b END AS s,"
            f" CASE WHEN {held} THEN {step + 1} ELSE level END AS level FROM ({before}) e"
        )
    return rows


def _levels_between(events: str, n_steps: int, starts: str, window: str) -> str:
    """As ``_ordered``, with the place of each start beside its time."""
    rows = (
        f"SELECT *, CASE WHEN {starts} THEN t END AS s, CASE WHEN {starts} THEN n END AS sn,"
        f" CASE WHEN {starts} THEN 1 ELSE 0 END AS level FROM ({events}) e"
    )
    for step in range(1, n_steps):
        before = (
            f"SELECT *, max(s) OVER {_PRECEDING} AS b, max(sn) OVER {_PRECEDING} AS bn"
            f" FROM ({rows}) e"
        )
        held = f"m >> {step} & 1 = 1 AND t <= b + {window} AND bn >= coalesce(x, 0)"
        rows = (
            f"SELECT v, t, i, m, n, x, CASE WHEN {held} THEN b END AS s,"
            f" CASE WHEN {held} THEN bn END AS sn,"
            f" CASE WHEN {held} THEN {step + 1} ELSE level END AS level FROM ({before}) e"
        )
    return rows


def _strict(question: Question, events: str, parameters: Parameters) -> str:
    n_steps = len(question.definition.steps)
    window, starts = _window(question, parameters), _starts(question, parameters)
    banned = 1 << n_steps
    columns, level = [], f"CASE WHEN {starts} THEN 1 ELSE 0 END"
    reached = f"({starts})"
    for step in range(1, n_steps):
        columns += [f"lead(m, {step}) OVER w AS m{step}", f"lead(t, {step}) OVER w AS t{step}"]
        if step > 1:
            reached += f" AND m{step - 1} & {banned} = 0"
        reached += f" AND m{step} >> {step} & 1 = 1 AND t{step} <= t + {window}"
        level = f"CASE WHEN {reached} THEN {step + 1} ELSE {level} END"
    following = ", ".join(["v", "t", "m", *columns])
    ahead = f"SELECT {following} FROM ({events}) e WINDOW w AS (PARTITION BY v ORDER BY t, i)"
    return f"SELECT v, {level} AS level FROM ({ahead}) e"
