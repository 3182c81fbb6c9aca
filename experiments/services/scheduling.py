"""Planned tests start by themselves on their day, where no other stands in the way."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from experiments.models import ABTest, ABTestStatus
from experiments.selectors.agenda import agenda_of
from experiments.selectors.proposals import KIND
from experiments.services.rolling import tell
from experiments.services.running import start_test
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal, Workspace
from workspaces.models.gate import OPEN

logger = logging.getLogger(__name__)

#: Who planned it answers for it; where policy asks for a signature, one is asked for.
AGENDA: Final = Proposer.rule("queue of planned tests")


def start_due(*, workspace: Workspace, now: datetime) -> int:
    """Start, or propose, what is planned for today or before; returns how many.

    What cannot start is told once a day, and stays in the queue.
    """
    today = now.astimezone(workspace.zone).date()
    started = 0
    for one in agenda_of(workspace, now):
        if one.earliest_on > today or workspace.kill_switch:
            continue
        try:
            with transaction.atomic():
                start_test(test=one.test, by=AGENDA, reason="Its day has come.", now=now)
            started += 1
        except GateError as error:
            logger.info("not started", extra={"test": one.test.pk, "why": str(error)})
            tell(workspace, one.test, "It could not start", str(error), now)
    return started


def free_unsigned(*, workspace: Workspace) -> int:
    """Make drafts again of tests whose start was rejected, cancelled or forgotten."""
    waiting = ABTest.objects.filter(workspace=workspace, status=ABTestStatus.PENDING_START)
    asked = Proposal.objects.filter(
        workspace=workspace, kind=KIND, status__in=OPEN, abtestchange__operation="start"
    )
    return waiting.exclude(pk__in=asked.values("abtestchange__test")).update(
        status=ABTestStatus.DRAFT, planned_for=None
    )
