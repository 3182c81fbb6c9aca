"""What the ground floor itself counts on the home page, and its own card."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from workspaces import hooks
from workspaces.home import (
    CHANGED,
    HEALTH,
    WAITS,
    Asked,
    Card,
    Figure,
    register_card,
    register_figures,
    register_topics,
)
from workspaces.models import (
    AgentSuggestion,
    Connection,
    ConnectionStatus,
    JobRun,
    JobState,
    Notification,
    Proposal,
    Status,
)
from workspaces.roles import Role
from workspaces.selectors_home import ended_since, failed_lately, mine_to_sign


def register() -> None:
    """Bring them."""
    register_figures(_FIGURES)
    register_card(
        Card("steps", "First steps", "start", "workspaces/home_steps.html", _steps, position=90)
    )
    register_topics("approvals", "notices", "agents", "jobs")


def _executed(asked: Asked) -> QuerySet[Proposal]:
    return ended_since(asked, Status.EXECUTED, asked.since)


def _undone(asked: Asked) -> QuerySet[Proposal]:
    return ended_since(asked, Status.REVERTED, asked.since)


def _unread(asked: Asked) -> QuerySet[Notification]:
    return Notification.objects.filter(workspace=asked.workspace, user=asked.user, read_at=None)


def _suggestions(asked: Asked) -> QuerySet[AgentSuggestion]:
    return AgentSuggestion.objects.filter(workspace=asked.workspace, dismissed_at=None)


def _logged_out(asked: Asked) -> QuerySet[Connection]:
    status = [ConnectionStatus.NEEDS_LOGIN, ConnectionStatus.STOPPED]
    return Connection.objects.filter(workspace=asked.workspace, status__in=status)


def _failed_runs(asked: Asked) -> QuerySet[JobRun]:
    return JobRun.objects.filter(
        workspace=asked.workspace, state__in=[JobState.FAILED, JobState.EXPIRED],
        finished_at__gte=asked.now - timedelta(hours=24),
    )  # fmt: skip


def _steps(asked: Asked) -> dict[str, Any]:
    """Return what is left to set up; each step is looked at, so the page does not wait for it."""
    mine = [step for step in hooks.start_steps() if asked.rank >= step.role.rank]
    return {"steps": [step for step in mine if not step.is_done(asked.workspace)]}


_FIGURES = (
    Figure("sign", WAITS, ("change you may sign", "changes you may sign"), "approvals",
           mine_to_sign, position=0),
    Figure("failed", WAITS, ("execution failed within a day", "executions failed within a day"),
           "approvals", failed_lately, "tab=failed", Role.OPERATOR, is_bad=True, position=10),
    Figure("connections", WAITS, ("connection needs a log-in", "connections need a log-in"),
           "connections", _logged_out, role=Role.ADMIN, is_bad=True, position=20),
    Figure("suggestions", WAITS, ("suggestion of an agent", "suggestions of agents"), "agents",
           _suggestions, role=Role.OPERATOR, position=60),
    Figure("notices", WAITS, ("unread notice", "unread notices"), "notices", _unread, "unread=1",
           position=90),
    Figure("executed", CHANGED, ("change ran", "changes ran"), "ledger", _executed, position=0),
    Figure("undone", CHANGED, ("change was undone", "changes were undone"), "ledger", _undone,
           "outcome=reverted", position=10),
    Figure("runs", HEALTH, ("job failed within a day", "jobs failed within a day"),
           "schedules", _failed_runs, is_bad=True, position=10),
)  # fmt: skip
