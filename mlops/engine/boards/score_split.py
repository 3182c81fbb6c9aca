"""Share a budget out by what each channel promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LEAST_SHARE: Final = 0.05
CENT: Final = Decimal("0.01")


@dataclass(frozen=True)
class Split:
    """Amounts in the order of the scores; ``is_equal``: no score told the channels apart."""

    amounts: tuple[Decimal, ...]
    is_equal: bool


def split_by_score(scores: Sequence[float], total: Decimal, *, step: Decimal = CENT) -> Split:
    """Share a total out in proportion to scores, none below the least share.

    Parameters
    ----------
    scores : one for each channel, at least 0; NaN where nothing is known, which gets the least
    total : money to share out, at least 0
    step : smallest unit of the money

    Returns
    -------
    Amounts in whole steps that add up to the total, itself rounded to a step; the largest one
    takes what rounding leaves. Equal ones where no score is above 0. More than twenty channels
    cannot have 5 % each, so each has at least half of an equal share.

    Raises
    ------
    ValueError : no scores, one that is below 0 or endless, or a total or step that is no money
    """
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 1 or not given.size:
        raise ValueError(f"scores must be a list of numbers, not of shape {given.shape}")
    if (given < 0).any() or np.isinf(given).any():
        raise ValueError(f"scores must be finite and at least 0: {list(scores)}")
    if not total.is_finite() or total < 0:
        raise ValueError(f"total={total} is no amount to share out")
    if not step.is_finite() or step <= 0:
        raise ValueError(f"step={step} is no unit of money")
    known = np.nan_to_num(given, nan=0.0)
    is_equal = not known.any()
    return Split(_rounded(_shares(known), total, step), is_equal)


def _shares(scores: FloatArray) -> FloatArray:
    count = len(scores)
    least = LEAST_SHARE if count * LEAST_SHARE <= 1 else 0.5 / count
    if not scores.any():
        return np.full(count, 1 / count)
    scores = scores / scores.max()
    is_least = np.zeros(count, dtype=np.bool_)
    # Each turn holds at least one more at the least, so there are as many turns as channels.
    for _ in range(count):
        free = 1 - least * is_least.sum()
        sum_free = scores[~is_least].sum()
        shares = np.where(is_least, least, scores * (free / sum_free) if sum_free else 0.0)
        below = ~is_least & (shares < least)
        if not below.any():
            return shares
        is_least |= below
    return np.full(count, 1 / count)


def _rounded(shares: FloatArray, total: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    whole = _to_step(total, step)
    amounts = [_to_step(whole * Decimal(float(share)), step) for share in shares]
    amounts[int(shares.argmax())] += whole - sum(amounts)
    return tuple(amounts)


def _to_step(amount: Decimal, step: Decimal) -> Decimal:
    return (amount / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * step
