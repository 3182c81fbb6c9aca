"""When the next channel is tried: only when the first one failed, never because it was ignored."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import NONE, BoolArray, Channel, CodeArray, MomentArray
from outreach.engine.laws import DEFAULT_LAWS, HOUR, Laws

#: Time without a receipt after which a message counts as lost.
RECEIPT_S: Final = 4 * HOUR


class Outcome(IntEnum):
    """What is known of a message that was sent."""

    SENT = 0
    DELIVERED = 1
    ENGAGED = 2
    BOUNCED = 3  # for good
    BLOCKED = 4  # refused by the provider, or by the person's settings there
    DEFERRED = 5  # the provider tries again by itself
    UNSUBSCRIBED = 6
    COMPLAINED = 7


class Failure(IntEnum):
    """Why the next channel is tried."""

    NONE = 0
    BOUNCED = 1
    BLOCKED = 2
    NO_RECEIPT = 3


def failures(
    channel: CodeArray,
    outcome: CodeArray,
    sent_at: MomentArray,
    *,
    now: np.datetime64,
    laws: Laws = DEFAULT_LAWS,
) -> CodeArray:
    """Which messages failed for good.

    Parameters
    ----------
    channel, outcome : (n,) codes of `Channel` and `Outcome`
    sent_at : (n,) UTC seconds
    now : the moment that is judged
    laws : tell which channels give receipts; of others silence says nothing

    Returns
    -------
    (n,) codes of `Failure`. Somebody who complained or unsubscribed did get the message, and a
    deferred one is still on its way
    """
    receipts = np.array([laws[one].receipts for one in Channel])[channel]
    is_late = now - sent_at >= np.timedelta64(RECEIPT_S, "s")
    is_late = is_late & (outcome == Outcome.SENT) & receipts
    found = np.where(is_late, Failure.NO_RECEIPT, Failure.NONE)
    found = np.where(outcome == Outcome.BLOCKED, Failure.BLOCKED, found)
    return np.where(outcome == Outcome.BOUNCED, Failure.BOUNCED, found).astype(np.int8)


def next_channels(
    fallbacks: CodeArray, tried: npt.NDArray[np.int16], allowed: BoolArray
) -> npt.NDArray[np.int8]:
    """First fallback that was not tried and is still allowed.

    Parameters
    ----------
    fallbacks : (n, f) codes of `Channel` as they were chosen, −1 for none
    tried : (n,) channels tried already, the first one included: bit c for channel c
    allowed : (n, f) whether permission, asked anew, lets each be used

    Returns
    -------
    (n,) codes of `Channel`, −1 where none is left
    """
    bit = np.left_shift(1, np.maximum(fallbacks, 0).astype(np.int16))
    is_fit = (fallbacks != NONE) & ((tried[:, None] & bit) == 0) & allowed
    if not fallbacks.shape[1]:
        return np.full(len(fallbacks), NONE, np.int8)
    first = is_fit.argmax(axis=1)
    found = np.take_along_axis(fallbacks, first[:, None], axis=1)[:, 0]
    return np.where(is_fit.any(axis=1), found, NONE).astype(np.int8)
