"""How a budget and a number of messages are spread over the days of a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import BoolArray, IntArray, MomentArray
from outreach.engine.zones import MINUTE_S

#: Share of the budget by which spending may differ from that of the days gone by.
TOLERANCE: Final = 0.10
SLOWER: Final = 0.7
FASTER: Final = 1.3
#: Minutes between two messages of a day, at most.
MOST_APART: Final = 30


@dataclass(frozen=True)
class Pace:
    """Money and time of a campaign so far.

    Attributes
    ----------
    budget_micros, spent_micros : in all, and spent or reserved already
    days, days_gone : of the whole campaign, and over before today
    ahead_micros : of what is spent, today's and what is reserved for later
    """

    budget_micros: int
    spent_micros: int
    days: int
    days_gone: int
    ahead_micros: int = 0

    def __post_init__(self) -> None:
        if self.budget_micros < 0 or self.spent_micros < 0:
            raise ValueError(f"budget_micros, spent_micros: {self} is below nothing")
        if not 0 <= self.days_gone < self.days:
            raise ValueError(f"days_gone: {self.days_gone} of {self.days} leaves no day")

    @property
    def left_micros(self) -> int:
        """What may still be spent."""
        return max(0, self.budget_micros - self.spent_micros)

    @property
    def factor(self) -> float:
        """By which today's number of messages is multiplied.

        0.7 where the share spent before today lies more than ten points over the share of days
        gone, 1.3 where it lies as much under it.
        """
        if not self.budget_micros:
            return 1.0
        before = self.spent_micros - self.ahead_micros
        over = before / self.budget_micros - self.days_gone / self.days
        if round(over, 9) > TOLERANCE:
            return SLOWER
        return FASTER if round(over, 9) < -TOLERANCE else 1.0


def daily_budget(left_micros: int, days_left: int) -> int:
    """Micros for one day: what is left over the days left, this one included."""
    return left_micros // max(1, days_left)


def daily_limit(limit: int, factor: float) -> int:
    """Messages for one day, at least one of a limit that is any."""
    return max(min(limit, 1), int(limit * factor + 1e-9))


def spread(low: MomentArray, high: MomentArray) -> MomentArray:
    """Moments of a batch, spread within the time that each message has.

    Parameters
    ----------
    low, high : (n,) from when on and until when each may go, in the order of the batch

    Returns
    -------
    (n,) the k-th message k shares of its time after `low`; a share is a n-th of its time, and
    30 minutes at most, so that all lie within [low, high)
    """
    n = low.size
    room_s = (high - low).astype(np.int64)
    most_s = MOST_APART * MINUTE_S
    # k · min(room / n, 30 min) in whole seconds, without rounding each share first.
    place = np.arange(n, dtype=np.int64)
    after_s = np.minimum(place * room_s // max(1, n), place * most_s)
    moments: MomentArray = low + after_s.astype("timedelta64[s]")
    return moments


def within_budget(cost_micros: IntArray, left_micros: int) -> BoolArray:
    """Whose message the budget still pays, in the order given.

    The first one that does not fit closes it: nobody behind gets a paid message because it is a
    little cheaper. Messages that cost nothing always fit.

    Parameters
    ----------
    cost_micros : (n,) in the order of the people
    left_micros : what may be spent

    Returns
    -------
    (n,)
    """
    found: BoolArray = (np.cumsum(cost_micros) <= left_micros) | (cost_micros == 0)
    return found
