"""Audiences counted as they are asked for: each kind of rule alone, and four together."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from benchmarks.audience_rows import Named, fill
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.outreach_people import people_of
from outreach.engine.audience_rules import parse
from outreach.selectors.audiences.reading import count_of, query_of_rules
from workspaces.models import Workspace

TARGET_S: Final = 1.0
_GROWTH: Final = (1, 4, 16)
_TRIES: Final = 3
_ALL: Final = """
SELECT count(*) FROM outreach_contact c WHERE c.workspace_id = %s AND c.archived_at IS NULL
"""


def run(people: int) -> list[Figure]:
    """Count among a sixteenth, a quarter and all of the people; beside it a bare count of them."""
    watch = reset_peak_mb()
    measured = []
    for factor in _GROWTH:
        size = max(100, people * factor // _GROWTH[-1])
        workspace = people_of(f"audience-{size}", size)
        now = timezone.now()
        rules = _rules(fill(workspace, now))
        measured.append((size, {name: _counted_s(workspace, one, now) for name, one in rules}))
    bare_s = _least_s(lambda: _bare(workspace))
    size, last = measured[-1]
    together = "four rules together"
    slowest = max((name for name in last if name != together), key=lambda name: last[name])
    return [
        Figure(
            name=f"audience of {size:,} people counted, {name}",
            value=last[key],
            unit="s",
            limit_name="s for a bare count of all",
            limit=bare_s,
            target=f"≤ {TARGET_S:.0f} s",
            is_met=last[key] <= TARGET_S,
            growth=tuple((number, figures[key]) for number, figures in measured),
            peak_mb=watch(),
            facts={} if key == together else last,
        )
        for key, name in ((slowest, f"slowest of {len(last) - 1} rules alone: {slowest}"),
                          (together, together))
    ]  # fmt: skip


def _rules(named: Named) -> list[tuple[str, dict[str, Any]]]:
    """Each kind of rule, by a name for the figures."""
    agreed = {"what": "consent", "channel": "email"}
    german = {"what": "field", "name": "country", "test": "any_of", "value": ["DE", "BR"]}
    opened = {"what": "did", "event": "opened", "days": 30}
    listed = {"what": "member", "audience": str(named.listed.public_id)}
    alone = {
        "country": german,
        "name contains": {"what": "field", "name": "last_name", "test": "contains", "value": "77"},
        "segment": {"what": "field", "name": "segment", "test": "is", "value": "loyal"},
        "purchases": {"what": "field", "name": "purchases", "test": "at_least", "value": 2},
        "no purchases": {"what": "field", "name": "purchases", "test": "at_most", "value": 0},
        "days since purchase": {
            "what": "field", "name": "days_since_purchase", "test": "at_most", "value": 30},
        "days since added": {
            "what": "field", "name": "days_since_added", "test": "at_most", "value": 30},
        "attribute": {
            "what": "attribute", "name": "points", "type": "number", "test": "at_least",
            "value": 10},
        "consent": agreed,
        "consent withdrawn": {**agreed, "state": "withdrawn"},
        "consent unknown": {**agreed, "channel": "chat", "state": "unknown"},
        "reachable": {"what": "reachable", "channel": "email"},
        "reachable anywhere": {"what": "reachable"},
        "received": {"what": "did", "event": "received", "days": 30},
        "received twice": {"what": "did", "event": "received", "days": 90, "times": 2},
        "opened": opened,
        "clicked": {"what": "did", "event": "clicked", "days": 90},
        "replied": {"what": "did", "event": "replied", "days": 90},
        "visited": {"what": "did", "event": "visited", "days": 30},
        "viewed": {"what": "did", "event": "viewed", "days": 30},
        "viewed a page": {"what": "did", "event": "viewed", "days": 30, "detail": "/product/7"},
        "event": {"what": "did", "event": "event", "days": 30, "detail": "add_to_cart"},
        "converted": {"what": "did", "event": "converted", "days": 90, "detail": "purchase"},
        "funnel": {
            "what": "funnel", "funnel": str(named.funnel.public_id), "step": 2, "days": 30},
        "variant": {"what": "variant", "test": str(named.test.public_id), "variant": "a"},
        "on a list": listed,
        "not on a list": {**listed, "not": True},
    }  # fmt: skip
    documents = {name: [one] for name, one in alone.items()}
    documents["four rules together"] = [agreed, german, opened, {**listed, "not": True}]
    return [(name, {"match": "all", "rules": rules}) for name, rules in documents.items()]


def _counted_s(workspace: Workspace, rules: dict[str, Any], now: datetime) -> float:
    group = parse(rules)
    return _least_s(lambda: count_of(query_of_rules(workspace, group, now)))


def _bare(workspace: Workspace) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ALL, [workspace.pk])
        return int(cursor.fetchone()[0])


def _least_s(count: Any) -> float:
    """Shortest of a few; whoever asks again finds the rows in memory too."""
    found = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        count()
        found.append(time.perf_counter() - started)
    return min(found)
