"""What may have changed a figure: its change of level, and what happened in the days before it.

A ranking by what is known of each change, not a proof: nothing here tells cause from chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from typing import Final

import numpy as np
from django.urls import reverse

from workspaces.chart_marks import marked
from workspaces.charts import LineChart, line_chart
from workspaces.engine.change_points import ChangePoint, change_points, without_weekdays
from workspaces.formats import amount, number_of
from workspaces.ledger import Event, Metric, events_of, metric_of, scopes
from workspaces.models import Proposal, Workspace
from workspaces.selectors_ledger import (
    LedgerFilter,
    LedgerRow,
    day_start,
    ledger_rows,
    money_of,
    shown_rows,
)

DAYS_BEFORE: Final = 56
DAYS_AFTER: Final = 14
NEAR_DAYS: Final = 7
WINDOW_DAYS: Final = 7
MOST: Final = 20
_READ: Final = 300
_FADES_H: Final = 48.0
_RELATED: Final = 4.0  # more than being near: a change elsewhere seldom moves it

NO_PROOF: Final = (
    "A ranking of what happened before, by how near, how large and how related it is."
    " It proves nothing: something else may have moved the figure."
)


@dataclass(frozen=True)
class Candidate:
    """Something that may have moved the figure, with what speaks for it."""

    at: datetime
    title: str
    kind: str
    url: str
    score: float
    reasons: tuple[str, ...]
    row: LedgerRow | None = None


@dataclass(frozen=True)
class Explanation:
    """A figure, its change near a day, and what may have made it, the likeliest first."""

    metric: Metric
    day: date
    changed_on: date | None
    before: float | None
    after: float | None
    strength: float | None
    since: date
    until: date
    candidates: tuple[Candidate, ...]
    chart: LineChart

    @property
    def said(self) -> str:
        """What changed, in words."""
        if self.changed_on is None or self.before is None or self.after is None:
            return f"No lasting change of level was found within {NEAR_DAYS} days of this day."
        way = "rose" if self.after > self.before else "fell"
        return (
            f"{self.metric.title} {way} from {self._text(self.before)} to {self._text(self.after)}"
            f" a day on {self.changed_on:%d %b %Y}."
        )

    def _text(self, value: float) -> str:
        text = amount(f"{value:.4f}", self.metric.currency or None)
        return f"{text}{self.metric.unit}"


def explain(
    *, workspace: Workspace, name: str, day: date, scoped: Mapping[str, str], now: datetime
) -> Explanation | None:
    """What may have changed a figure near a day; ``None`` where nobody knows the figure."""
    last = min(day + timedelta(days=DAYS_AFTER), now.astimezone(workspace.zone).date())
    days = (day - timedelta(days=DAYS_BEFORE), max(last, day))
    metric = metric_of(workspace, name, scoped, days)
    if metric is None:
        return None
    point, on = _nearest(metric, day)
    until = on or day
    since = until - timedelta(days=WINDOW_DAYS)
    rises = None if point is None else point.after > point.before
    chart = line_chart(
        title=metric.title, days=metric.days, values=metric.values, width=440,
        currency=metric.currency or None, suffix=metric.unit,
    )  # fmt: skip
    (drawn,) = marked([chart], workspace=workspace, scoped=scoped)
    return Explanation(
        metric=metric, day=day, changed_on=on,
        before=point.before if point else None, after=point.after if point else None,
        strength=point.strength if point else None, since=since, until=until,
        candidates=_ranked(workspace, metric, scoped, (since, until), rises=rises),
        chart=drawn,
    )  # fmt: skip


def _nearest(metric: Metric, day: date) -> tuple[ChangePoint | None, date | None]:
    """Change of level nearest to a day, with its day; days without a figure are left out."""
    known = [(on, one) for on, one in zip(metric.days, metric.values, strict=True)
             if one is not None]  # fmt: skip
    found = change_points(without_weekdays(np.array([value for _, value in known])))
    near = [(abs((known[one.at][0] - day).days), one) for one in found]
    near = [pair for pair in near if pair[0] <= NEAR_DAYS]
    if not near:
        return None, None
    point = min(near, key=lambda pair: (pair[0], -pair[1].strength))[1]
    return point, known[point.at][0]


def _ranked(
    workspace: Workspace, metric: Metric, scoped: Mapping[str, str], days: tuple[date, date],
    *, rises: bool | None,
) -> tuple[Candidate, ...]:  # fmt: skip
    filters = LedgerFilter(since=days[0], until=days[1])
    found = ledger_rows(workspace, filters).order_by(*filters.order)
    ids = list(found.values_list("pk", flat=True)[:_READ])
    rows = shown_rows(ids, workspace, filters)
    same = _same(workspace, ids, scoped)
    most = max(map(_stake, rows), default=0.0)
    end = day_start(workspace, days[1] + timedelta(days=1))
    signed = [_of_row(row, metric, same, most, end, rises=rises) for row in rows]
    start = day_start(workspace, days[0])
    others = [_of_event(one, end) for one in events_of(workspace, scoped, start, end)]
    ranked = sorted([*signed, *others], key=lambda one: (-one.score, -one.at.timestamp()))
    return tuple(ranked[:MOST])


def _same(
    workspace: Workspace, ids: list[int], scoped: Mapping[str, str]
) -> dict[str, frozenset[int]]:
    """Which changes belong to what the figure is of, by the title of that."""
    rows = Proposal.objects.filter(pk__in=ids)
    return {
        scope.title.lower(): frozenset(
            scope.narrow(workspace, rows, scoped[scope.name]).values_list("pk", flat=True)
        )
        for scope in scopes()
        if scoped.get(scope.name)
    }


def _stake(row: LedgerRow) -> float:
    return abs(float(money_of(row) or 0))


def _near(at: datetime, end: datetime) -> tuple[float, str]:
    hours = max((end - at).total_seconds() / 3600, 0.0)
    days = int(hours // 24)
    said = "on the day itself" if days == 0 else f"{days} day{'' if days == 1 else 's'} before"
    return 3 * exp(-max(hours - 24, 0.0) / _FADES_H), said


def _of_row(
    row: LedgerRow, metric: Metric, same: dict[str, frozenset[int]], most: float, end: datetime,
    *, rises: bool | None,
) -> Candidate:  # fmt: skip
    score, near = _near(row.at, end)
    reasons = [near]
    for title, pks in same.items():
        if row.proposal.pk in pks:
            score += _RELATED
            reasons.append(f"same {title}")
    stake = _stake(row)
    if most and stake:
        score += 2 * stake / most
        reasons.append(row.at_stake)
    added, said = _direction(row, metric, rises=rises)
    if said:
        score += added
        reasons.append(said)
    return Candidate(
        at=row.at, title=row.proposal.summary, kind=row.kind_label, score=score,
        url=reverse("approvals-proposal", args=[row.proposal.public_id]),
        reasons=tuple(reasons), row=row,
    )  # fmt: skip


def _direction(row: LedgerRow, metric: Metric, *, rises: bool | None) -> tuple[float, str]:
    """Whether it was predicted to move the figure the way it went."""
    if rises is None:
        return 0.0, ""
    plan = row.proposal.current_plan
    told = (plan and plan.predicted) or {}
    delta = number_of(told.get("delta"))
    if delta and told.get("metric") == metric.name:
        fits = (delta > 0) == rises
        return (2.0, "predicted to move it so") if fits else (-1.0, "predicted the other way")
    if metric.follows_budget and row.diff.delta:
        fits = (row.diff.delta > 0) == rises
        return (1.0, "money moved the same way") if fits else (-1.0, "money moved the other way")
    return 0.0, ""


def _of_event(event: Event, end: datetime) -> Candidate:
    score, near = _near(event.at, end)
    return Candidate(event.at, event.title, event.kind, event.url, score + 1, (near,))
