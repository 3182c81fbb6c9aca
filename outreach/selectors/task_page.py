"""What people have to do about messages: send by hand, settle what is unsure, try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, QuerySet

from outreach.models import MessageStatus, OutreachMessage, OutreachTask, TaskReason
from workspaces.models import Workspace

PAGE_ROWS: Final = 100
#: Failures older than that are history.
DEAD_DAYS: Final = timedelta(days=7)


@dataclass(frozen=True)
class TaskTab:
    """A kind of task, and how many are open."""

    key: str
    label: str
    count: int


def task_counts(workspace: Workspace, now: datetime) -> list[TaskTab]:
    """How many of each kind wait."""
    rows = OutreachTask.objects.filter(workspace=workspace, done_at=None).order_by()
    found = dict(rows.values_list("reason").annotate(n=Count("pk")))
    by_hand = found.get(TaskReason.ASSISTED, 0) + found.get(TaskReason.WINDOW_CLOSED, 0)
    return [
        TaskTab("hand", "Send by hand", by_hand),
        TaskTab("unsure", "Unsure", found.get(TaskReason.UNSURE, 0)),
        TaskTab("failed", "Could not be sent", dead_letters(workspace, now).count()),
    ]


def tasks_of(workspace: Workspace, tab: str) -> list[OutreachTask]:
    """Open tasks of a tab, the most urgent first."""
    rows = OutreachTask.objects.filter(workspace=workspace, done_at=None)
    is_unsure = tab == "unsure"
    rows = rows.filter(reason=TaskReason.UNSURE) if is_unsure else rows.exclude(
        reason=TaskReason.UNSURE
    )  # fmt: skip
    return list(
        rows.select_related("message__contact", "message__point", "message__campaign")
        .order_by(F("due_at").asc(nulls_last=True), "pk")[:PAGE_ROWS]
    )  # fmt: skip


def dead_letters(workspace: Workspace, now: datetime) -> QuerySet[OutreachMessage]:
    """Messages that failed for good lately without having gone out."""
    return OutreachMessage.objects.filter(
        workspace=workspace, status=MessageStatus.FAILED, sent_at=None,
        failed_at__gte=now - DEAD_DAYS,
    )  # fmt: skip


def dead_letters_of(workspace: Workspace, now: datetime) -> list[OutreachMessage]:
    """Those, the newest first."""
    rows = dead_letters(workspace, now).select_related("contact", "point", "campaign")
    return list(rows.defer("html", "text", "variables").order_by("-failed_at")[:PAGE_ROWS])
