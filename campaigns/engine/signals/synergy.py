"""Whether one thing follows another by a day or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from campaigns.engine.signals.history import FloatArray

LAGS: Final = (1, 2)
TRAILING_DAYS: Final = 42
LEAST_PAIRS: Final = 21
# Both sides of 95 %, shared by all that were tried.
LEVEL: Final = 0.05
# Days over which errors hang together (Newey and West).
BAND: Final = 2


@dataclass(frozen=True)
class Link:
    """The strongest significant effect of an activity on a response.

    ``effect`` is the rise of the response for a doubling of the activity, as a share.
    """

    cause: str
    lag: int
    effect: float
    p: float


def lagged_link(response: FloatArray, activities: Mapping[str, FloatArray]) -> Link | None:
    """Regress a response on each activity one and two days before.

    Ordinary least squares of logarithms with a linear trend, errors after Newey and West over two
    days; 95 % significant when all channels and lags that were tried are counted.

    Parameters
    ----------
    response : (d,) logarithms less their usual weekday; NaN where unknown
    activities : by name, (d,) likewise

    Returns
    -------
    The most significant positive one, or ``None``

    References
    ----------
    Newey and West (1987), Econometrica 55(3), 703-708; Dunn (1961), JASA 56, 52-64.
    """
    tried = []
    for name, activity in activities.items():
        for lag in LAGS:
            fit = _fit(response[lag:][-TRAILING_DAYS:], activity[:-lag][-TRAILING_DAYS:])
            if fit is not None:
                tried.append(Link(name, lag, float(2 ** fit[0] - 1), fit[1]))
    good = [link for link in tried if link.effect > 0 and link.p <= LEVEL / len(tried)]
    return min(good, key=lambda link: link.p, default=None)


def _fit(response: FloatArray, activity: FloatArray) -> tuple[float, float] | None:
    """Slope and its two-sided p."""
    known = np.isfinite(response) & np.isfinite(activity)
    count = int(known.sum())
    if count < LEAST_PAIRS or np.ptp(activity[known]) == 0:
        return None
    days = np.flatnonzero(known).astype(np.float64)
    design = np.column_stack([np.ones(count), days - days.mean(), activity[known]])
    inverse = np.linalg.pinv(design.T @ design)
    slope = inverse @ design.T @ response[known]
    scores = design * (response[known] - design @ slope)[:, None]
    middle = scores.T @ scores
    for step in range(1, BAND + 1):
        across = scores[step:].T @ scores[:-step]
        middle += (1 - step / (BAND + 1)) * (across + across.T)
    freedom = count - design.shape[1]
    error = np.sqrt(max((inverse @ middle @ inverse)[2, 2] * count / freedom, 1e-18))
    return float(slope[2]), float(2 * special.stdtr(freedom, -abs(slope[2] / error)))
