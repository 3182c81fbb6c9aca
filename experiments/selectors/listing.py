"""What the list of tests shows: where each stands, how far it is, and what waits its turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum

from experiments.models import (
    OPEN_ROLL_OUTS,
    ABTest,
    ABTestStatus,
    ABTestVariant,
    Dimension,
    ExposureDay,
    RollOut,
    Surface,
)
from workspaces.models import Workspace

PAGE_ROWS: Final = 50
_LIVE: Final = (ABTestStatus.PENDING_START, ABTestStatus.RUNNING, ABTestStatus.PAUSED)
_OVER: Final = (ABTestStatus.COMPLETED, ABTestStatus.WINNER_DECLARED)
#: Tab → its label and what is in it. Roll-outs are followed up by tests of their own.
TABS: Final[Mapping[str, tuple[str, Q]]] = {
    "running": ("Running", Q(status__in=_LIVE, archived_at=None, roll_out=None)),
    "drafts": ("Drafts", Q(status=ABTestStatus.DRAFT, archived_at=None)),
    "over": ("Finished", Q(status__in=_OVER, archived_at=None, roll_out=None)),
    "archived": ("Archived", Q(archived_at__isnull=False)),
}


@dataclass(frozen=True)
class Row:
    """A test of the list with what came of it so far."""

    test: ABTest
    variants: int
    units: int
    days: int
    roll_out: RollOut | None

    @property
    def progress_pct(self) -> int | None:
        """How much of the planned size has come; none where nothing was planned."""
        planned = self.test.planned_units
        if not planned or not self.test.has_started or not self.variants:
            return None
        return min(100, round(100 * self.units / (planned * self.variants)))


def counts_by_tab(workspace: Workspace) -> dict[str, int]:
    """How many tests are in each tab."""
    return ABTest.objects.filter(workspace=workspace).aggregate(
        **{tab: Count("pk", filter=held) for tab, (_, held) in TABS.items()}
    )


def tests_of(workspace: Workspace, asked: Mapping[str, str]) -> QuerySet[ABTest]:
    """Tests of a tab by the filters of the page, newest first."""
    rows = ABTest.objects.filter(workspace=workspace).filter(TABS[asked["tab"]][1])
    if asked.get("surface") in Surface.values:
        rows = rows.filter(surface=asked["surface"])
    if words := asked.get("q", "").strip():
        rows = rows.filter(
            Q(name__icontains=words) | Q(key__icontains=words) | Q(hypothesis__icontains=words)
        )
    return rows.select_related("winner", "website__site").order_by("-created_at", "-pk")


def page_of(tests: QuerySet[ABTest], number: str, now: datetime) -> tuple[Page[ABTest], list[Row]]:
    """One page, with units and roll-outs of its tests: three queries beside its own."""
    found = Paginator(tests, PAGE_ROWS).get_page(number)
    return found, rows_of(list(found.object_list), now)


def rows_of(tests: Sequence[ABTest], now: datetime) -> list[Row]:
    """Tests with what came of them."""
    units = dict(
        ExposureDay.objects.filter(test__in=tests, dimension=Dimension.TOTAL)
        .values_list("test_id")
        .annotate(Sum("units"))
        .order_by("test_id")
    )
    counts = dict(
        ABTestVariant.objects.filter(test__in=tests)
        .values_list("test_id")
        .annotate(Count("pk"))
        .order_by("test_id")
    )
    open_ones = {
        row.test_id: row for row in RollOut.objects.filter(test__in=tests, state__in=OPEN_ROLL_OUTS)
    }
    return [
        Row(
            test, counts.get(test.pk, 0), units.get(test.pk, 0), _days(test, now),
            open_ones.get(test.pk),
        )
        for test in tests
    ]  # fmt: skip


def _days(test: ABTest, now: datetime) -> int:
    if test.started_at is None:
        return 0
    return max(0, ((test.ended_at or now) - test.started_at) // timedelta(days=1))
