"""The admin's first page: what waits, what ran, what failed, and what to do next.

Higher apps add sections of their own by ``register_section``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from workspaces import hooks
from workspaces.models import JobRun, JobState, Membership, Proposal, Status, Workspace
from workspaces.selectors_home import CAP, capped

SHOWN = 5
RECENT = timedelta(hours=24)
_RISKS: Final = (1, 2, 3)  # as ``Proposal.risk_order`` has them


@dataclass(frozen=True)
class Section:
    """A part of the page that a higher app brings: a template and what it needs."""

    key: str
    template: str
    context: Callable[[Workspace, datetime], dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """Something to do next."""

    title: str
    text: str
    url: str


_sections: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Add a section. Called while the apps are loaded."""
    _sections[section.key] = section


def overview(request: HttpRequest) -> dict[str, Any]:
    """Content of the page for a member; nothing for strangers."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None:
        return {}
    workspace, now = membership.workspace, timezone.now()
    waiting = _waiting(workspace, now)
    return {
        "waiting": {risk: capped(number) for risk, number in waiting.items()},
        "soonest": _soonest(workspace, now),
        "ran": _ended(workspace, Status.EXECUTED, now),
        "failed": _ended(workspace, Status.FAILED, now),
        "failed_jobs": _failed_jobs(workspace, now),
        "steps": _steps(membership, sum(waiting.values())),
        "sections": [
            {"template": section.template, **section.context(workspace, now)}
            for section in _sections.values()
        ],
    }


def _waiting(workspace: Workspace, now: datetime) -> dict[str, int]:
    """How many proposals wait for a signature, by risk; of each at most ``CAP``."""
    rows = Proposal.objects.filter(workspace=workspace, status=Status.PENDING).exclude(
        snoozed_until__gt=now
    )
    parts = [rows.filter(risk_order=risk).values("risk")[:CAP] for risk in _RISKS]
    counted = Counter(row["risk"] for row in parts[0].union(*parts[1:], all=True))
    return {risk: counted[risk] for risk in ("high", "medium", "low")}


def _soonest(workspace: Workspace, now: datetime) -> list[Proposal]:
    rows = Proposal.objects.filter(workspace=workspace, status=Status.PENDING).exclude(
        snoozed_until__gt=now
    )
    order = ("expires_at", "pk")  # never is last
    # The queue's index goes by risk first: the soonest of each risk, and of those the soonest.
    parts = [rows.filter(risk_order=risk).order_by(*order)[:SHOWN] for risk in _RISKS]
    ids = parts[0].values("pk").union(*(part.values("pk") for part in parts[1:]), all=True)
    return list(Proposal.objects.filter(pk__in=ids).order_by(*order)[:SHOWN])


def _ended(workspace: Workspace, status: Status, now: datetime) -> list[Proposal]:
    # Measuring an effect touches an executed row a week later, so its own moment counts.
    ended = "executed_at" if status == Status.EXECUTED else "updated_at"
    rows = Proposal.objects.filter(
        workspace=workspace, status=status, **{f"{ended}__gte": now - RECENT}
    )
    return list(rows.order_by("-pk")[:SHOWN])


def _failed_jobs(workspace: Workspace, now: datetime) -> list[JobRun]:
    rows = JobRun.objects.filter(
        workspace=workspace,
        state__in=[JobState.FAILED, JobState.EXPIRED],
        finished_at__gte=now - RECENT,
    )
    return list(rows.order_by("-pk")[:SHOWN])


def _steps(membership: Membership, waiting: int) -> list[Step]:
    workspace = membership.workspace
    steps = [
        Step(step.title, step.text, str(step.url))
        for step in hooks.start_steps()
        if membership.rank >= step.role.rank and not step.is_done(workspace)
    ]
    if workspace.kill_switch:
        steps.insert(0, Step("Release the kill switch", "Nothing executes until an approver does.",
                             reverse("approvals-execution")))  # fmt: skip
    if waiting:
        noun = "proposal waits" if waiting == 1 else "proposals wait"
        steps.insert(0, Step("Decide what waits", f"{capped(waiting)} {noun} for a signature.",
                             reverse("approvals")))  # fmt: skip
    return steps
