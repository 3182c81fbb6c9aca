"""Several variants or metrics at once: p-values that answer for all of them."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Correction = Literal["holm", "benjamini-hochberg"]

CORRECTIONS: Final = ("holm", "benjamini-hochberg")


def adjust_p(p: npt.ArrayLike, method: Correction = "holm") -> FloatArray:
    """Raise p-values so that each may be held against the level of all.

    Parameters
    ----------
    p : (n,) p-values in [0, 1]
    method : 'holm' (no false call with the level's probability) or 'benjamini-hochberg' (of the
        calls, at most the level's share false)

    Returns
    -------
    (n,) adjusted p-values, in the same order

    Raises
    ------
    ValueError : not one-dimensional, outside [0, 1], or an unknown method

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70. Benjamini, Hochberg (1995),
    J. R. Statist. Soc. B 57(1), 289-300.
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"p must be one row of numbers in [0, 1], got {values}")
    if method not in CORRECTIONS:
        raise ValueError(f"method must be one of {', '.join(CORRECTIONS)}, got {method!r}")
    count, order = values.size, np.argsort(values)
    rank = np.arange(1, count + 1)
    adjusted = np.empty(count)
    if method == "holm":
        adjusted[order] = np.maximum.accumulate(values[order] * (count + 1 - rank))
    else:
        scaled = values[order] * count / rank
        adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)
