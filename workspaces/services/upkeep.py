"""What time alone does to proposals: expiry, reminders, measurement."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from workspaces.gate import handler_of
from workspaces.models import Proposal, Status, Workspace
from workspaces.models.gate import REMIND_AT
from workspaces.services.events import announce

logger = logging.getLogger(__name__)

_BATCH = 500
LOOK_AGAIN = timedelta(hours=6)  # for figures that were not in


def expire_due(*, now: datetime) -> int:
    """Expire what nobody decided in time. Returns how many."""
    with transaction.atomic():
        due = list(
            Proposal.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(
                status=Status.PENDING, expires_at__lte=now, workspace__in=Workspace.objects.open()
            )
            .order_by("expires_at", "pk")[:_BATCH]
        )
        for proposal in due:
            proposal.status = Status.EXPIRED
            proposal.decided_at = now
            proposal.decision_reason = "Nobody decided in time."
            proposal.save(update_fields=["status", "decided_at", "decision_reason", "updated_at"])
            announce(proposal, "expired", now=now)
    return len(due)


def remind_due(*, now: datetime) -> int:
    """Remind approvers at half and at nine tenths of a plan's life. Returns how many."""
    sent = 0
    for _ in REMIND_AT:
        with transaction.atomic():
            due = list(
                Proposal.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("current_plan")
                .filter(
                    Q(snoozed_until=None) | Q(snoozed_until__lte=now),
                    status=Status.PENDING,
                    workspace__in=Workspace.objects.open(),
                    expires_at__gt=now,
                    remind_at__lte=now,
                )
                .order_by("remind_at", "pk")[:_BATCH]
            )
            for proposal in due:
                proposal.reminders_sent += 1
                proposal.remind_at = proposal.next_reminder
                proposal.save(update_fields=["reminders_sent", "remind_at", "updated_at"])
                announce(proposal, "reminder", now=now)
        sent += len(due)
    return sent


def measure_due(*, now: datetime) -> int:
    """Set realised against predicted effects where the figures are in. Returns how many."""
    measured = 0
    due = Proposal.objects.filter(
        status=Status.EXECUTED,
        measured_at=None,
        measure_after__lte=now,
        workspace__in=Workspace.objects.open(),
    ).order_by("measure_after", "pk")[:_BATCH]
    for candidate in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            proposal = (
                Proposal.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("workspace", "current_plan")
                .filter(pk=candidate, measured_at=None)
                .first()
            )
            if proposal is None:
                continue
            realised = handler_of(proposal.kind).measure(proposal, now=now)
            if realised is None:
                # To the back of the row: figures that never come must not hold up the others.
                proposal.measure_after = now + LOOK_AGAIN
                proposal.save(update_fields=["measure_after", "updated_at"])
                continue
            proposal.realised = realised
            proposal.measured_at = now
            proposal.save(update_fields=["realised", "measured_at", "updated_at"])
            measured += 1
    return measured
