"""Who is answered first: by what it costs to let them wait.

Expected loss of a conversation at a moment t is

    loss(t) = LTV × churn risk × decay(t),   decay(t) = exp((t − due) / τ)

with ``due`` the moment at which its answer is due and τ = 4 hours for all. The decay is smooth,
rises with each bit of the target that is used, is 1 in the moment the promise breaks and keeps
rising after it. Its logarithm is a straight line in time with one slope for all conversations, so
the order of two of them never changes by itself: what is stored is the line's height without t,

    rank = ln(LTV × churn risk / reference) − due / τ,

and the page sorts by it, high first, with an index. It is written again when the due time, the
value or the risk of *that* conversation changes, and never because time goes by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import BoolArray, FloatArray, MomentArray

#: Seconds in which the loss of waiting grows e-fold.
DECAY_S: Final = 4 * 3_600
#: Value at risk is counted between a hundredth and a hundred times the reference, so the poorest
#: is before the richest once he is due 4 h × ln(10⁴) = 36.8 h earlier: nobody waits for ever.
LEAST_VALUE: Final = 0.01
MOST_VALUE: Final = 100.0
#: Most hours by which any value can move a conversation ahead of another that is due earlier.
MOST_AHEAD_HOURS: Final = float(DECAY_S / 3_600 * np.log(MOST_VALUE / LEAST_VALUE))
#: Where nothing is due (waiting, snoozed): as if due so long after the last message.
IDLE_S: Final = 7 * 24 * 3_600


@dataclass(frozen=True)
class Values:
    """What is at risk in n conversations.

    Attributes
    ----------
    ltv : (n,) lifetime value in the workspace's currency, 0 or more; not a number if unknown
    churn_risk : (n,) 0 to 1; not a number if unknown
    reference : value at risk of an ordinary customer, over 0; it stands in for the unknown
    """

    ltv: FloatArray
    churn_risk: FloatArray
    reference: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.reference) and self.reference > 0):
            raise ValueError(f"reference: {self.reference}, must be more than 0")
        if self.ltv.shape != self.churn_risk.shape:
            raise ValueError(f"churn_risk: {self.churn_risk.size} for {self.ltv.size} values")
        if (self.ltv < 0).any():
            raise ValueError("ltv: must be 0 or more")
        if ((self.churn_risk < 0) | (self.churn_risk > 1)).any():
            raise ValueError("churn_risk: must lie between 0 and 1")

    @property
    def at_risk(self) -> FloatArray:
        """Lifetime value times churn risk; the reference where one of them is not known."""
        value = self.ltv * self.churn_risk
        known: FloatArray = np.where(np.isnan(value), self.reference, value)
        return known


def reference_of(ltv: FloatArray, churn_risk: FloatArray) -> float:
    """Value at risk of an ordinary customer: about the median of those who have any.

    Parameters
    ----------
    ltv, churn_risk : (n,) of the customers of a workspace; not a number if unknown

    Returns
    -------
    the power of two that is nearest to the median, so that it seldom changes and rows written on
    different days stand in one order; 1 where nobody has any
    """
    value = ltv * churn_risk
    some = value[np.isfinite(value) & (value > 0)]
    return float(2.0 ** np.round(np.log2(np.median(some)))) if some.size else 1.0


def ranks(values: Values, due_at: MomentArray, last_message_at: MomentArray) -> FloatArray:
    """Heights by which conversations are sorted, high first; they do not change with time.

    Parameters
    ----------
    values : of n conversations
    due_at : (n,) when an answer is due, UTC; not a time where none is
    last_message_at : (n,) UTC

    Returns
    -------
    (n,) float64, to store; see `RANK_SQL`

    Raises
    ------
    ValueError : a conversation without due time has no message
    """
    due_s = _due_s(due_at, last_message_at)
    share = np.clip(values.at_risk / values.reference, LEAST_VALUE, MOST_VALUE)
    found: FloatArray = np.log(share) - due_s / DECAY_S
    return found


#: The same in PostgreSQL: %(reference)s and the columns of a conversation.
RANK_SQL: Final = (
    "ln(least(greatest(coalesce(ltv * churn_risk / %(reference)s, 1), 0.01), 100))"
    " - extract(epoch from coalesce(due_at, last_message_at + interval '7 days'))"
    "::double precision / 14400"
)


def fifo_ranks(waiting_since: MomentArray, last_message_at: MomentArray) -> FloatArray:
    """Heights by which who waits longest comes first, high first; who does not wait comes last.

    Parameters
    ----------
    waiting_since : (n,) first message that nobody has answered, UTC; not a time for none
    last_message_at : (n,) UTC
    """
    return -_due_s(waiting_since, last_message_at) / DECAY_S


def expected_loss(values: Values, due_at: MomentArray, now: np.datetime64) -> FloatArray:
    """Price waiting at a moment, in the workspace's currency, to show beside a conversation.

    Parameters
    ----------
    values : of n conversations
    due_at : (n,) UTC; not a time where nothing is due
    now : UTC

    Returns
    -------
    (n,) LTV × churn risk × decay; LTV × churn risk at most, for more than all cannot be lost, and
    0 where nothing is due
    """
    decay = decay_of(due_at, now)
    loss: FloatArray = np.where(np.isnat(due_at), 0.0, values.at_risk * np.minimum(decay, 1.0))
    return loss


def decay_of(due_at: MomentArray, now: np.datetime64) -> FloatArray:
    """exp((now − due) / 4 h): below 1 before an answer is due, over it afterwards.

    Parameters
    ----------
    due_at : (n,) UTC; not a time where nothing is due, which gives 0
    now : UTC
    """
    is_due: BoolArray = ~np.isnat(due_at)
    late_s = _seconds(np.array([now])) - np.where(is_due, _seconds(due_at), 0.0)
    # Beyond a year the number would only grow too large to write.
    late = np.clip(late_s / DECAY_S, -700.0, 700.0)
    decay: FloatArray = np.where(is_due, np.exp(late), 0.0)
    return decay


def _due_s(due_at: MomentArray, last_message_at: MomentArray) -> FloatArray:
    is_due = ~np.isnat(due_at)
    if np.isnat(last_message_at[~is_due]).any():
        raise ValueError("last_message_at: neither a due time nor a message")
    due_s: FloatArray = np.where(is_due, _seconds(due_at), _seconds(last_message_at) + IDLE_S)
    return due_s


def _seconds(at: MomentArray) -> FloatArray:
    seconds: FloatArray = at.astype("datetime64[us]").astype(np.int64) / 1e6
    return seconds
