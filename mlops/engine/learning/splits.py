"""Which rows are learnt from and which are judged on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]


def by_time(at: npt.NDArray[np.generic], share: float = 0.2) -> Mask:
    """Mark the latest rows as held out.

    Parameters
    ----------
    at : (n,) when each row began: numbers or datetime64
    share : of the rows to hold out, 0 to 1 exclusive

    Returns
    -------
    (n,) true where held out. Rows of one moment stay together, on the later side.

    Raises
    ------
    ValueError : share out of range, or all rows are of one moment
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}.")
    if not at.size or (at == at[0]).all():
        raise ValueError("at: rows of one moment cannot be split by time.")
    ordered = np.sort(at)
    cut = ordered[min(int(np.ceil(at.size * (1 - share))), at.size - 1)]
    if cut == ordered[0]:  # most rows are of the first moment: they are learnt from
        cut = ordered[ordered > cut][0]
    held_out: Mask = at >= cut
    return held_out


def folds(rows: int, count: int, seed: int) -> Index:
    """Fold number of each row, drawn at random, in equal shares.

    Parameters
    ----------
    rows, count : at least 2 folds, and no more than rows
    seed : of the draw

    Returns
    -------
    (rows,) 0 … count − 1
    """
    if not 2 <= count <= rows:
        raise ValueError(f"count: {count} folds cannot be made of {rows} rows.")
    return np.random.default_rng(seed).permutation(np.arange(rows) % count)


def rolling_origin(
    length: int, *, horizon: int, least: int, step: int | None = None
) -> Iterator[tuple[slice, slice]]:
    """Origins of forecasts over a series, each with all that came before it.

    Parameters
    ----------
    length : steps of the series
    horizon : steps that each forecast is judged on
    least : steps known at the first origin
    step : from one origin to the next; the horizon, so that no step is judged twice

    Yields
    ------
    (known, judged) slices; the last judged step is the last of the series

    Raises
    ------
    ValueError : the series has no room for one forecast
    """
    step = horizon if step is None else step
    if min(horizon, least, step) < 1 or length < least + horizon:
        raise ValueError(
            f"length: a series of {length} is too short for {least} known and {horizon} judged."
        )
    first = least + (length - least - horizon) % step
    for origin in range(first, length - horizon + 1, step):
        yield slice(0, origin), slice(origin, origin + horizon)
