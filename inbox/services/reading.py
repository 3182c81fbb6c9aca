"""What messages are read as, and what follows at once: spam is closed, a wish to leave carried out.

The message's row is the queue: what has no reading yet is read in batches, right after it arrived
or by the next sweep.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Case, F, Q, Value, When

from inbox.models import (
    CustomerResponse,
    Direction,
)
from inbox.services.classifying import Read, read_all
from inbox.services.drafting import draft_for
from inbox.services.following import follow_up
from inbox.services.keeping import Found, keep_all
from inbox.services.making_up import DRAFTED, FOLLOWED, note_done
from inbox.services.topics import TOPIC
from workspaces.models import Workspace
from workspaces.services.live import bump

logger = logging.getLogger(__name__)

#: What is older stays unread: nobody wants a machine's word on it any more.
_LOOKS_BACK: Final = timedelta(days=2)
BATCH: Final = 64
#: After a first and a second failure a message is left alone until it is so old.
_WAITS: Final = (timedelta(minutes=1), timedelta(minutes=5))
GIVEN_UP: Final = "No machine could read this: a person has to."


def draft_each(rows: Sequence[CustomerResponse], now: datetime) -> None:
    """Draft answers to messages that were read; one that cannot be drafted holds up nobody."""
    for row in rows:
        _draft(row, now)
    note_done(DRAFTED, [row.pk for row in rows])


def read_new(
    *,
    now: datetime,
    limit: int = BATCH,
    draft: Callable[[Sequence[CustomerResponse], datetime], object] = draft_each,
) -> int:
    """Read messages that arrived lately and were not read yet; returns how many were tried.

    ``draft`` is given those with a new reading: a worker that has more to read may put it off.
    Two workers may read the same one; the first one's reading stays. One that cannot be read holds
    up nobody else: it is tried three times, then a person reads it.
    """
    rows = list(_unread(now)[:limit])
    if not rows:
        return 0
    started = time.perf_counter()
    found = _read_each(rows)
    ms = (time.perf_counter() - started) * 1000 / len(rows)
    read = [(row, one) for row, one in zip(rows, found, strict=True) if one is not None]
    kept, failed = _keep_each(read, ms=ms, now=now)
    unread = [row for row, one in zip(rows, found, strict=True) if one is None]
    for row in [*unread, *failed]:
        _count_failure(row, now)
    if kept:
        draft(kept, now)
    follow_up({row.conversation_id for row in kept}, now=now)
    note_done(FOLLOWED, [row.pk for row in kept])
    return len(rows)


def _unread(now: datetime) -> Any:
    tries = Q(failed_reads=0)
    for count, wait in enumerate(_WAITS, 1):
        tries |= Q(failed_reads=count, received_at__lte=now - wait)
    return (
        CustomerResponse.objects.filter(
            tries, direction=Direction.IN, read_at=None, received_at__gt=now - _LOOKS_BACK,
            at__gt=now - 2 * _LOOKS_BACK, workspace__in=Workspace.objects.open(),
        )
        .select_related("workspace", "conversation__contact", "point")
        .order_by("received_at", "pk")
    )  # fmt: skip


def _read_each(rows: Sequence[CustomerResponse]) -> list[Read | None]:
    """Read all together; where that fails, each by itself, and nothing of the one that breaks."""
    texts, workspaces = [row.text or row.subject for row in rows], [r.workspace_id for r in rows]
    try:
        return [*read_all(texts, workspaces)]
    except Exception:
        logger.exception("messages cannot be read", extra={"responses": [row.pk for row in rows]})
    if len(rows) == 1:
        return [None]
    return [one for row in rows for one in _read_each([row])]


def _keep_each(
    read: Found, *, ms: float, now: datetime
) -> tuple[list[CustomerResponse], list[CustomerResponse]]:
    """Keep all together; where that fails, each by itself. Those with a new reading, and those
    that cannot be kept.
    """
    if not read:
        return [], []
    try:
        return keep_all(read, ms=ms, now=now), []
    except Exception:
        ids = [row.pk for row, _ in read]
        logger.exception("readings cannot be kept", extra={"responses": ids})
    if len(read) == 1:
        return [], [read[0][0]]
    parts = [_keep_each([one], ms=ms, now=now) for one in read]
    return [row for kept, _ in parts for row in kept], [row for _, lost in parts for row in lost]


def _draft(row: CustomerResponse, now: datetime) -> None:
    """Draft an answer. After the transaction: the gate locks proposals before conversations."""
    try:
        draft_for(row, now=now)
    except Exception:
        # It is read: what is left is a person's to write.
        logger.exception("an answer cannot be drafted", extra={"response": row.pk})


def _count_failure(row: CustomerResponse, now: datetime) -> None:
    """Try again later; after three tries say that a person has to read it."""
    rows = CustomerResponse.objects.filter(pk=row.pk, read_at=None)
    rows.update(failed_reads=F("failed_reads") + 1)
    if rows.filter(failed_reads__gt=len(_WAITS)).update(
        read_at=now, is_flagged=True,
        # Why it was flagged before still counts: nothing is done for an address only typed.
        flag_reason=Case(When(flag_reason="", then=Value(GIVEN_UP)), default=F("flag_reason")),
    ):  # fmt: skip
        bump(row.workspace_id, TOPIC)


def draft_read(*, ids: Sequence[int], now: datetime) -> None:
    """Draft answers to messages that were read a while ago; `draft_for` leaves out what is over."""
    # Asked twice, it drafts once.
    rows = CustomerResponse.objects.filter(pk__in=ids, reading__isnull=False, drafts=None)
    rows = rows.select_related("workspace", "conversation__contact", "point", "reading")
    draft_each(list(rows.order_by("pk")), now)
