"""Which channel a person gets a message on, and which two stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import (
    NONE,
    BoolArray,
    Channel,
    ChannelTable,
    CodeArray,
    FloatArray,
    IntArray,
    Urgency,
)

TYPE_WEIGHT: Final = 0.3
ENGAGEMENT_WEIGHT: Final = 0.3
DEVICE_WEIGHT: Final = 0.2
URGENCY_WEIGHT: Final = 0.1
HOUR_WEIGHT: Final = 0.1

OPEN_WEIGHT: Final = 0.3
CLICK_WEIGHT: Final = 0.4
REPLY_WEIGHT: Final = 0.3
#: Nobody was ever written to on the channel; somebody was and never did anything.
UNKNOWN_ENGAGEMENT: Final = 0.5
NO_ENGAGEMENT: Final = 0.2

FALLBACKS: Final = 2
# So that sums which should be equal are, and the order of ties decides.
_DECIMALS: Final = 6
# Places in lists stand before all scores, which lie in [0, 1].
_LIST: Final = -100.0
_PREFERENCE: Final = -1_000.0


class By(IntEnum):
    """What chose the channel; kept with the message."""

    NOTHING = 0
    PREFERENCE = 1
    LIST = 2
    SCORE = 3
    LEARNED = 4


@dataclass(frozen=True)
class Choices:
    """Channels of n people: codes of `Channel`, −1 for none, and codes of `By`."""

    channel: CodeArray
    fallbacks: CodeArray
    by: CodeArray


def engagement(
    sent: IntArray, opened: IntArray, clicked: IntArray, replied: IntArray
) -> npt.NDArray[np.float32]:
    """How people took messages so far, by any shape of counts.

    Parameters
    ----------
    sent, opened, clicked, replied : messages, and how many of them were

    Returns
    -------
    0.3 share opened + 0.4 share clicked + 0.3 share replied; 0.5 where nothing was sent and 0.2
    where all was ignored
    """
    most = np.maximum(sent, 1)
    shares = [np.minimum(part / most, 1.0) for part in (opened, clicked, replied)]
    found = OPEN_WEIGHT * shares[0] + CLICK_WEIGHT * shares[1] + REPLY_WEIGHT * shares[2]
    found = np.where((opened + clicked + replied) > 0, found, NO_ENGAGEMENT)
    return np.where(sent > 0, found, UNKNOWN_ENGAGEMENT).astype(np.float32)


def scores(
    table: ChannelTable,
    channels: tuple[Channel, ...],
    *,
    customer_type: CodeArray,
    device: CodeArray,
    engaged: npt.NDArray[np.float32],
    hour: IntArray,
    urgency: Urgency,
) -> FloatArray:
    """Worth of each channel for each person.

    Parameters
    ----------
    table : the figures
    channels : of the k columns
    customer_type, device : (n,) codes; −1 for a device that is not known
    engaged : (n, k) of `engagement`
    hour : (n,) local
    urgency : of the message

    Returns
    -------
    (n, k) in [0, 1]: 0.3 customer type + 0.3 engagement + 0.2 device + 0.1 urgency + 0.1 hour
    """
    found = TYPE_WEIGHT * table.by_type(channels)[customer_type]
    found += ENGAGEMENT_WEIGHT * engaged
    found += DEVICE_WEIGHT * table.by_device(channels)[device]
    found += HOUR_WEIGHT * table.by_hour(channels)[hour]
    found += URGENCY_WEIGHT * np.array([table.urgencies[urgency][one] for one in channels])
    return found


def list_places(
    lists: Sequence[Sequence[Channel]], channels: tuple[Channel, ...]
) -> npt.NDArray[np.float64]:
    """Place of each channel in each list: (lists, k), infinite where it is not in it."""
    return np.array(
        [
            [float(one.index(channel)) if channel in one else np.inf for channel in channels]
            for one in lists
        ],
        np.float64,
    ).reshape(len(lists), len(channels))


def choose(
    viable: BoolArray,
    worth: FloatArray,
    *,
    channels: tuple[Channel, ...],
    ties: tuple[Channel, ...],
    preferred: CodeArray,
    places: FloatArray,
    is_learned: BoolArray,
) -> Choices:
    """Take the first viable channel: what the person asked for, the list, then the worth.

    Parameters
    ----------
    viable : (n, k) which can be used at all
    worth : (n, k) in [0, 1]
    channels : of the k columns
    ties : who goes first where the worth is equal
    preferred : (n,) codes of `Channel`, −1 for none
    places : (n, k) place in the list of the person, infinite for those that are not in it
    is_learned : (n,) whether `worth` was learnt; it says so in the answer

    Returns
    -------
    Choices with up to two fallbacks, the next ones in the same order
    """
    columns = np.array(sorted(range(len(channels)), key=lambda one: ties.index(channels[one])))
    codes = np.array(channels, np.int8)[columns]
    rank = 1.0 - np.round(worth[:, columns], _DECIMALS)
    at = places[:, columns]
    rank = np.where(np.isfinite(at), _LIST + at, rank)
    rank[codes[None, :] == preferred[:, None]] = _PREFERENCE
    rank[~viable[:, columns]] = np.inf
    order = np.argsort(rank, axis=1, kind="stable")[:, : 1 + FALLBACKS]
    found = np.take_along_axis(rank, order, axis=1)
    picked = np.where(np.isfinite(found), codes[order], NONE).astype(np.int8)
    first = found[:, 0]
    by = np.where(is_learned, By.LEARNED, By.SCORE)
    by = np.where(first < 0, By.LIST, by)
    by = np.where(first == _PREFERENCE, By.PREFERENCE, by)
    fallbacks = np.full((len(picked), FALLBACKS), NONE, np.int8)
    fallbacks[:, : picked.shape[1] - 1] = picked[:, 1:]
    by = np.where(np.isfinite(first), by, By.NOTHING).astype(np.int8)
    return Choices(picked[:, 0], fallbacks, by)
