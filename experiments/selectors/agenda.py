"""The queue of planned tests: what starts when, without two that meet on a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from experiments.engine.places import can_meet
from experiments.models import ABTest, ABTestStatus, WebsiteABTest
from experiments.selectors.checklist import TAKING, are_apart
from workspaces.models import Workspace


@dataclass(frozen=True)
class Planned:
    """A draft that waits for its day; ``behind`` are tests that it may not run beside."""

    test: ABTest
    place: WebsiteABTest | None
    earliest_on: date
    ends_on: date
    behind: tuple[str, ...]


@dataclass(frozen=True)
class _Taken:
    """Days on which a test has its pages to itself."""

    test: ABTest
    place: WebsiteABTest | None
    until: date  # the first day it leaves free


def agenda_of(workspace: Workspace, now: datetime) -> list[Planned]:
    """Planned drafts in order, each with the first day on which it stands in nobody's way."""
    today = now.astimezone(workspace.zone).date()
    tests = ABTest.objects.filter(workspace=workspace, archived_at=None).select_related(
        "workspace", "layer", "website__site"
    )
    taken = [
        _Taken(test, _place(test), _end(test, today))
        for test in tests.filter(status__in=TAKING).order_by("pk")
    ]
    found = []
    drafts = tests.filter(status=ABTestStatus.DRAFT, planned_for__isnull=False)
    for test in drafts.order_by("planned_for", "pk"):
        place, first = _place(test), max(test.planned_for or today, today)
        behind = [one for one in taken if _is_in_the_way(test, place, one) and one.until > first]
        starts = max([first, *(one.until for one in behind)])
        ends = starts + timedelta(days=test.max_days)
        found.append(Planned(test, place, starts, ends, tuple(one.test.name for one in behind)))
        taken.append(_Taken(test, place, ends))
    return found


def _place(test: ABTest) -> WebsiteABTest | None:
    return getattr(test, "website", None)


def _end(test: ABTest, today: date) -> date:
    """The day after the last on which a test may still run; a roll-out has no end that we know."""
    start = test.started_at.astimezone(test.workspace.zone).date() if test.started_at else today
    return max(start + timedelta(days=test.max_days), today + timedelta(days=1))


def _is_in_the_way(test: ABTest, place: WebsiteABTest | None, other: _Taken) -> bool:
    if are_apart(test, other.test):
        return False
    if test.layer_id is not None and test.layer_id == other.test.layer_id:
        return True
    if place is None or other.place is None or place.site_id != other.place.site_id:
        return False
    return can_meet(place.page_pattern, other.place.page_pattern)
