"""Leases that end at once, instead of running out: of dead workers, and of those cut off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection
from django.db.models import QuerySet

from workspaces.models import Proposal, Status, Workspace

logger = logging.getLogger(__name__)

_ASK_EACH_S: Final = 1.0


def end_leases_of_the_dead(*, is_gone: Callable[[str], bool], now: datetime) -> int:
    """Let the reaper have what dead workers hold; returns how many leases ended.

    Taking over early is as safe as taking over late: a worker without a process settles nothing,
    and a call it sent is settled by reading back.
    """
    held = Proposal.objects.filter(
        status=Status.EXECUTING, lease_until__gt=now, workspace__in=Workspace.objects.open()
    )
    ended = 0
    for pk, claimed_by in held.exclude(claimed_by="").values_list("pk", "claimed_by"):
        if is_gone(claimed_by.rpartition("#")[0]):
            ended += Proposal.objects.filter(
                pk=pk, claimed_by=claimed_by, status=Status.EXECUTING
            ).update(lease_until=now)
    return ended


def hand_over(
    owners: Sequence[str],
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], object] | None = None,
) -> int:
    """Let the reaper have what these owners could not settle for want of the database or of Redis.

    Returns how many leases ended.
    """
    held = Proposal.objects.filter(claimed_by__in=owners, status=Status.EXECUTING)
    whole = timedelta(seconds=settings.EXECUTOR_LEASE_S)
    return end_as_soon_as_possible(held, whole=whole, clock=clock, wait=wait)


def end_as_soon_as_possible(
    held: QuerySet[Any],
    *,
    whole: timedelta,
    clock: Callable[[], datetime],
    wait: Callable[[float], object] | None = None,
) -> int:
    """End the leases on these rows; returns how many.

    Waits for the database to answer, at most until the leases, ``whole`` at first, would have ended
    anyway.
    """
    until = clock() + whole
    while (now := clock()) < until:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        try:
            ended = held.all().update(lease_until=now)
        except Error as error:
            logger.warning("leases cannot be handed over yet: %s", error)
            (wait or time.sleep)(_ASK_EACH_S)
        else:
            logger.warning("a server was away: %s leases handed over", ended)
            return ended
    return 0
