"""Segments by recency, frequency and money: quintiles among the buyers of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ScoreArray = npt.NDArray[np.int8]

# Codes are places in this tuple; who never bought is 'none'.
SEGMENTS: Final = ("champions", "loyal", "potential_loyalists", "at_risk", "lost", "none")
_CHAMPIONS, _LOYAL, _POTENTIAL, _AT_RISK, _LOST, _NONE = range(len(SEGMENTS))
GROUPS: Final = 5


@dataclass(frozen=True)
class Rfm:
    """Scores and segments of people, in their order.

    Attributes
    ----------
    recency, frequency, money : (people,) scores 1 to 5, 5 the best; 0 who never bought
    segments : (people,) codes, places in `SEGMENTS`
    """

    recency: ScoreArray
    frequency: ScoreArray
    money: ScoreArray
    segments: ScoreArray

    def counts(self) -> dict[str, int]:
        """Return people per segment, all segments named."""
        found = np.bincount(self.segments, minlength=len(SEGMENTS))
        return {name: int(count) for name, count in zip(SEGMENTS, found, strict=True)}


def rfm(days_since_last: FloatArray, purchases: FloatArray, spent: FloatArray) -> Rfm:
    """Score people by quintiles and name their segment.

    Equal values get the same score, the one of the middle of their ranks, so that many people with
    one purchase are not spread over five scores by chance, and one person alone is a 3.

    Parameters
    ----------
    days_since_last : (people,) since their last purchase; ignored where there was none
    purchases : (people,) in the time looked at; 0 for who never bought
    spent : (people,) over the same time, net of refunds, in one currency

    Returns
    -------
    Rfm

    Raises
    ------
    ValueError : lengths differ, or a buyer's value is not finite, or purchases or days below 0

    References
    ----------
    Quintiles: Hughes (1994), Strategic Database Marketing. Segments: the common grid of recency
    against the mean of frequency and money (Putler's eleven segments), joined to five: champions
    4-5 × 4-5, loyal 3-5 × 3-5, potential loyalists 3-5 × 1-2, at risk 1-2 × 3-5, lost 1-2 × 1-2.
    """
    days, times, money = (
        np.asarray(values, dtype=np.float64) for values in (days_since_last, purchases, spent)
    )
    _check(days, times, money)
    buyers = times > 0
    scores = np.zeros((3, len(times)), dtype=np.int8)
    for row, values in zip(scores, (-days, times, money), strict=True):
        row[buyers] = _quintiles(values[buyers])
    recency, frequency, worth = scores
    segments = np.full(len(times), _NONE, dtype=np.int8)
    segments[buyers] = _segments(recency[buyers], frequency[buyers], worth[buyers])
    return Rfm(recency, frequency, worth, segments)


def _check(days: FloatArray, times: FloatArray, money: FloatArray) -> None:
    if not days.shape == times.shape == money.shape or days.ndim != 1:
        raise ValueError(f"lengths differ: {days.shape}, {times.shape}, {money.shape}")
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("purchases: must be 0 or more")
    buyers = times > 0
    if not np.isfinite(money[buyers]).all():
        raise ValueError("spent: must be finite for every buyer")
    if not np.isfinite(days[buyers]).all() or (days[buyers] < 0).any():
        raise ValueError("days_since_last: must be 0 or more for every buyer")


def _quintiles(values: FloatArray) -> ScoreArray:
    if not len(values):
        return np.zeros(0, dtype=np.int8)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2  # mean rank of the ties, from 0
    share = middle / len(values)
    # Halves of ranks are exact in float64, their quotient may miss a fifth by a bit.
    groups = np.minimum(np.floor(share * GROUPS + 1e-9), GROUPS - 1) + 1
    return groups.astype(np.int8)[place]


def _segments(recency: ScoreArray, frequency: ScoreArray, money: ScoreArray) -> ScoreArray:
    # Half up, so that 2 and 3 make 3: in halves, 5 // 2.
    worth = (frequency + money + 1) // 2
    recent, worthy = recency >= 3, worth >= 3
    return np.select(
        [(recency >= 4) & (worth >= 4), recent & worthy, recent, worthy],
        [_CHAMPIONS, _LOYAL, _POTENTIAL, _AT_RISK],
        _LOST,
    ).astype(np.int8)
