"""Which promises are pressing, how many were kept, and due times of many messages at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from inbox.engine.hours import MINUTE_US, NEVER, BusinessHours, add_many
from inbox.engine.sla import Due, Outcome, Resolution, Turn
from inbox.engine.sla_policy import Policy
from outreach.engine.channels import FloatArray, MomentArray


class Alarm(StrEnum):
    """How pressing a promise is, the most pressing first."""

    ESCALATED = "escalated"
    BREACHED = "breached"
    WARNED = "warned"
    SOON = "soon"
    NONE = "none"


SOON: Final = timedelta(minutes=60)


def alarm(due: Due, now: datetime) -> Alarm:
    """Say how pressing a promise is that has not ended.

    Returns
    -------
    escalated, breached, warned (75 % used), soon (due within 60 minutes) or none; what is due at
    this very moment is not breached yet
    """
    if due.escalate_at is not None and now >= due.escalate_at and _is_over(due, now):
        return Alarm.ESCALATED
    if _is_over(due, now):
        return Alarm.BREACHED
    if due.warn_at is not None and now >= due.warn_at:
        return Alarm.WARNED
    is_soon = due.due_at is not None and due.due_at - now <= SOON
    return Alarm.SOON if is_soon else Alarm.NONE


def _is_over(due: Due, now: datetime) -> bool:
    return due.due_at is not None and now > due.due_at


@dataclass(frozen=True)
class Compliance:
    """Promises kept among those that could be judged."""

    met: int = 0
    eligible: int = 0

    @property
    def share(self) -> float | None:
        """Kept of judged, 0 to 1; None where there is nothing to judge."""
        return self.met / self.eligible if self.eligible else None


def compliance(promises: Iterable[Turn | Resolution], now: datetime) -> Compliance:
    """Count promises that were kept, and those that were kept or broken.

    What is not due yet, what was closed in time without an answer, and what was never promised is
    neither.
    """
    found = Compliance()
    for promise in promises:
        is_kept = promise.outcome is Outcome.KEPT and promise.due.due_at is not None
        is_missed = promise.outcome is Outcome.MISSED or (
            promise.ended_at is None and _is_over(promise.due, now)
        )
        found = replace(
            found, met=found.met + is_kept, eligible=found.eligible + (is_kept or is_missed)
        )
    return found


@dataclass(frozen=True)
class DueTimes:
    """Of n messages, UTC microseconds; not a time where there is none."""

    due_at: MomentArray
    warn_at: MomentArray
    escalate_at: MomentArray


def due_many(
    policy: Policy,
    hours: BusinessHours,
    starts: MomentArray,
    minutes: FloatArray,
    window_ends: MomentArray | None = None,
    windows: FloatArray | None = None,
) -> DueTimes:
    """Due times of many messages whose clocks have not been paused, for a change of policy.

    Parameters
    ----------
    policy, hours : for all of them
    starts : (n,) when each was written, UTC
    minutes : (n,) its target, by `Policy.table`; not a number for none
    window_ends, windows : (n,) when the reply window ends and its minutes; not a time for none

    Returns
    -------
    DueTimes, the same as `evaluate` finds one by one

    Raises
    ------
    ValueError : as `add_many`
    """
    shares = (1.0, policy.warn_share, policy.escalate_share)
    is_promised, some = ~np.isnan(minutes), np.nan_to_num(minutes)
    found = [
        np.where(is_promised, add_many(hours, starts, some * share), NEVER) for share in shares
    ]
    if window_ends is not None and windows is not None:
        early_us = np.rint(windows * (1 - policy.warn_share) * MINUTE_US).astype("timedelta64[us]")
        ends = window_ends.astype("datetime64[us]")
        found = [
            np.fmin(at, end) for at, end in zip(found, (ends, ends - early_us, ends), strict=True)
        ]
    return DueTimes(*found)
