"""The best split of a sum over curves that do not touch each other; the one solver of budgets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from campaigns.engine.response.transforms import FloatArray

# (n_points, n_channels) money -> (n_points, n_channels) units of each channel by itself.
Curves = Callable[[FloatArray], FloatArray]

PARTS = 400
_FINER = 100
_ZOOMS = 2
_HALVINGS = 80
_CURVED = 1e-9  # of the greatest value: a second difference above it bends upwards


def solve(curves: Curves, total: float, least: FloatArray, most: FloatArray) -> FloatArray:
    """Split a total so that the sum of the curves is greatest.

    The curves are tabulated in 400 steps between their bounds. Where all bend downwards the split
    is the one at which every free channel has the same marginal return, found by bisection on
    that return. Where one is S-shaped there is no single rising order of returns, and the parts
    are shared by dynamic programming. Both are then done again, twice, in a finer table around
    what was found.

    Parameters
    ----------
    curves : rising or falling, continuous, one per channel
    total : money, above 0
    least, most : (n_channels,) money; least sum to the total at most, most may be infinite

    Returns
    -------
    (n_channels,) money within bounds; it sums to the total, or to what the greatest amounts take

    References
    ----------
    Bellman (1957), Dynamic Programming, ch. 1. Koopman (1953), The Optimum Distribution of
    Effort, Operations Research 1(2), 52-63 (equal marginal returns).
    """
    most = np.minimum(most, total)
    if most.sum() <= total:
        return np.asarray(most)
    low, high, parts = least, most, PARTS
    budgets = _split(curves, total, low, high, parts)
    for _ in range(_ZOOMS):
        near = 2 * (total - float(low.sum())) / parts
        low, high = np.maximum(budgets - near, least), np.minimum(budgets + near, most)
        parts = _FINER
        budgets = _better(curves, budgets, _split(curves, total, low, high, parts))
    return budgets


def _better(curves: Curves, known: FloatArray, found: FloatArray) -> FloatArray:
    before, after = curves(np.stack([known, found])).sum(axis=1)
    return found if after >= before else known


def _split(
    curves: Curves, total: float, low: FloatArray, high: FloatArray, parts: int
) -> FloatArray:
    spare = total - float(low.sum())
    if spare <= 0:
        return low
    room = np.minimum(high - low, spare)
    steps = np.linspace(0.0, spare, parts + 1)[:, None]
    reach = np.minimum(steps, room)
    values = curves(low + reach)
    if _is_concave(values, reach):
        return low + _by_return(values, reach, spare)
    taken = _by_parts(np.where(steps <= room + spare / parts / 2, values, -np.inf))
    budgets = low + np.minimum(taken * spare / parts, room)
    return _rest_spent(curves, budgets, total, high)


def _is_concave(values: FloatArray, reach: FloatArray) -> bool:
    width = np.diff(reach, axis=0)
    slopes = np.divide(
        np.diff(values, axis=0), width, out=np.full_like(width, -np.inf), where=width > 0
    )
    with np.errstate(invalid="ignore"):
        bends = np.diff(slopes, axis=0) * width[1:]
    return not (bends > _CURVED * max(float(np.abs(values).max()), 1e-300)).any()


def _by_return(values: FloatArray, reach: FloatArray, spare: float) -> FloatArray:
    """Amounts at which marginal returns are equal; bisection on that return."""
    tables = [_marginal(*column) for column in zip(reach.T, values.T, strict=True)]
    bottom = min(float(falls[-1]) for _, falls in tables)
    top = max(float(falls[0]) for _, falls in tables)

    def asked(price: float) -> FloatArray:
        return np.array([np.interp(-price, -falls, where) for where, falls in tables])

    for _ in range(_HALVINGS):
        middle = (bottom + top) / 2
        if asked(middle).sum() > spare:
            bottom = middle
        else:
            top = middle
    few, many = asked(top), asked(bottom)
    # Straight pieces make a jump between the two: any mix of them has the same returns.
    gap = float(many.sum() - few.sum())
    part = np.clip((spare - few.sum()) / gap if gap > 0 else 0.0, 0.0, 1.0)
    return np.asarray(few + (many - few) * part)


def _marginal(reach: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Amounts and the falling marginal return there: the middles of the steps, and both ends."""
    width = np.diff(reach)
    is_step = width > 0
    if not is_step.any():
        return np.zeros(1), np.zeros(1)
    middles = (reach[:-1] + width / 2)[is_step]
    slopes = np.minimum.accumulate(np.diff(values)[is_step] / width[is_step])
    first, last = slopes[:2], slopes[-2:]
    ends = (first[0] + (first[0] - first[-1]) / 2, last[-1] - (last[0] - last[-1]) / 2)
    return (
        np.concatenate([[0.0], middles, [reach[-1]]]),
        np.concatenate([[ends[0]], slopes, [ends[1]]]),
    )


def _by_parts(values: FloatArray) -> FloatArray:
    """How many parts each channel gets so that values, (n_parts + 1, n_channels), sum highest."""
    count = len(values)
    taken = np.arange(count)
    left = taken[:, None] - taken[None, :]
    best, choices = values[:, 0], []
    for each in values[:, 1:].T:
        # Of j parts k go to this channel, the others share j − k.
        sums = np.where(left >= 0, best[left] + each[None, :], -np.inf)
        choices.append(sums.argmax(axis=1))
        best = sums[taken, choices[-1]]
    parts = np.zeros(values.shape[1])
    remaining = int(best.argmax())
    for channel in range(values.shape[1] - 1, 0, -1):
        parts[channel] = choices[channel - 1][remaining]
        remaining -= int(parts[channel])
    parts[0] = remaining
    return parts


def _rest_spent(curves: Curves, budgets: FloatArray, total: float, high: FloatArray) -> FloatArray:
    """Give what the parts left over to the channels with room, best return first."""
    budgets = budgets.copy()
    for _ in range(len(budgets)):
        rest = total - budgets.sum()
        added = np.minimum(high - budgets, rest)
        if rest <= 1e-9 * total or added.max() <= 0:
            break
        tried = budgets + np.diag(added)
        gains = curves(tried).sum(axis=1)
        gains[added <= 0] = -np.inf
        budgets = tried[int(gains.argmax())]
    return budgets
