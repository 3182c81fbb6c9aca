"""Partitions of app sessions by month, made when a session of the month comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db import transaction

from attribution.services.partitions import make_partition, partitions_of
from workspaces.services.locks import lock_names

TABLE: Final = "attribution_usersession"

# Months known to have their partition, so that storing sessions need not ask.
_known: set[date] = set()


def ensure_months(days: Iterable[date]) -> None:
    """Make the partitions of the months that days lie in, where they are missing."""
    wanted = {day.replace(day=1) for day in days} - _known
    if not wanted:
        return
    with transaction.atomic():
        lock_names(["partitions:sessions"])
        there = set(partitions_of(TABLE))
        for month in sorted(wanted):
            if (part := f"{TABLE}_{month:%Y%m}") not in there:
                make_partition(TABLE, part, since=month, until=_next(month))
        transaction.on_commit(lambda: _known.update(wanted))


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
