"""What the world hears of a proposal: live pages, notices, webhooks out, and the executor."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from django.urls import reverse
from kombu.exceptions import OperationalError

from workspaces.models import Proposal, Risk, Status
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.notices import notify
from workspaces.services.webhooks_out import publish_all

logger = logging.getLogger(__name__)

TOPIC = "approvals"
PUBLISHED = frozenset(
    {"created", "signed", "rejected", "executed", "failed", "reverted", "expired"}
)
#: So many are carried out by one run of the executor.
RUN_MOST = 50
# Later than this beat finds it in time.
_NUDGE_WITHIN = timedelta(minutes=1)


def announce(proposal: Proposal, event: str, *, now: datetime) -> None:
    """Tell of ``proposal.<event>``, in the caller's transaction."""
    announce_all([proposal], event, now=now)


def announce_all(proposals: Sequence[Proposal], event: str, *, now: datetime) -> None:
    """Tell the same of several proposals of one workspace."""
    workspace = proposals[0].workspace
    bump(workspace.pk, TOPIC)
    if event in PUBLISHED:
        publish_all(
            workspace=workspace,
            event_type=f"proposal.{event}",
            data_by_id={f"{row.public_id}:{event}": _public(row) for row in proposals},
            now=now,
        )
    for proposal in proposals:
        if tell := _NOTICES.get(event):
            tell(proposal, now)
    if event == "signed":
        _nudge(proposals, now)


def _public(proposal: Proposal) -> dict[str, Any]:
    """What a webhook says of a proposal; the rest is behind the API."""
    plan = proposal.current_plan
    return {
        "id": str(proposal.public_id),
        "kind": proposal.kind,
        "status": proposal.status,
        "summary": proposal.summary,
        "risk": proposal.risk,
        "proposer": proposal.proposer_label,
        "plan_sha256": plan.sha256 if plan else None,
    }


def notice_keys(proposal: Proposal) -> list[str]:
    """Keys under which members may have been told of one proposal by its words."""
    name = str(proposal.public_id)
    reminders = range(proposal.reminders_sent + 1)
    return [
        *(f"{what}:{name}" for what in ("waiting", *Status.values)),
        *(f"reminder:{name}:{number}" for number in reminders),
    ]


def _url(proposal: Proposal) -> str:
    return f"{reverse('approvals')}{proposal.public_id}/"


def _tell_waiting(proposal: Proposal, now: datetime) -> None:
    """High risk is told one by one; the rest once an hour, so that a batch is one notice."""
    is_high = proposal.risk == Risk.HIGH
    key = str(proposal.public_id) if is_high else f"{now:%Y-%m-%d %H}"
    title = f"High risk: {proposal.summary}" if is_high else "Changes wait for your signature"
    notify(
        workspace=proposal.workspace,
        rank=Role.APPROVER.rank,
        topic="proposal.waiting",
        title=title[:200],
        body=proposal.reason,
        url=_url(proposal) if is_high else reverse("approvals"),
        dedup_key=f"waiting:{key}",
        now=now,
    )


def _tell_reminder(proposal: Proposal, now: datetime) -> None:
    notify(
        workspace=proposal.workspace,
        rank=Role.APPROVER.rank,
        topic="proposal.reminder",
        title=f"Expires soon: {proposal.summary}"[:200],
        url=_url(proposal),
        dedup_key=f"reminder:{proposal.public_id}:{proposal.reminders_sent}",
        now=now,
    )


def _tell_failed(proposal: Proposal, now: datetime) -> None:
    notify(
        workspace=proposal.workspace,
        rank=Role.OPERATOR.rank,
        topic="proposal.failed",
        title=f"Failed: {proposal.summary}"[:200],
        body=proposal.last_error,
        url=_url(proposal),
        dedup_key=f"failed:{proposal.public_id}",
        now=now,
    )


def _tell_proposer(proposal: Proposal, now: datetime) -> None:
    """A person hears what became of his own proposal; no mail, it is on the page."""
    if proposal.proposed_by is None:  # loaded with the lock
        return
    notify(
        workspace=proposal.workspace,
        users=[proposal.proposed_by],
        topic=f"proposal.{proposal.status}",
        title=f"{proposal.get_status_display()}: {proposal.summary}"[:200],
        body=proposal.decision_reason,
        url=_url(proposal),
        dedup_key=f"{proposal.status}:{proposal.public_id}",
        now=now,
        email=False,
    )


_NOTICES = {
    "created": _tell_waiting,
    "reminder": _tell_reminder,
    "failed": _tell_failed,
    "executed": _tell_proposer,
    "rejected": _tell_proposer,
    "expired": _tell_proposer,
}


def _nudge(proposals: Sequence[Proposal], now: datetime) -> None:
    """Wake the executor when changes fall due; beat would find them a few seconds later."""
    due = Counter(row.execute_after for row in proposals)
    for at, count in due.items():
        if at is None or at - now > _NUDGE_WITHIN:
            continue
        wait_s = max(0.0, (at - now).total_seconds())
        for _ in range(0, count, RUN_MOST):
            transaction.on_commit(partial(_send_nudge, wait_s))


def _send_nudge(wait_s: float) -> None:
    try:
        current_app.send_task(
            "workspaces.execute_due",
            queue="gate",
            countdown=wait_s,
            expires=wait_s + 30,
            retry=False,
            # Nobody asks what became of it; to listen for a result would wait for a dead broker.
            ignore_result=True,
        )
    except OperationalError:
        # The row is the queue: without a broker the change runs when beat is back.
        logger.warning("the executor was not nudged; the broker does not answer")
