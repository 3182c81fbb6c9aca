"""What figures of posts and engagement say: when to post, what, and to whom; how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

HOURS: Final = 24
#: Posts below which nothing is said of a group.
LEAST_POSTS: Final = 3
#: Posts of the whole that weigh as much as those of a group.
PRIOR_POSTS: Final = 4.0
_DRAWS: Final = 4_000


@dataclass(frozen=True)
class Best:
    """The group whose posts do best.

    Attributes
    ----------
    place : of the group; −1 where too little is known
    lift : mean of the group by that of all, shrunk; 0.2 is a fifth better
    posts : of the group
    confidence : probability that it is the best of those with enough posts
    lifts : (groups,) of each, nan below `LEAST_POSTS`
    counts : (groups,) posts of each
    """

    place: int
    lift: float
    posts: int
    confidence: float
    lifts: FloatArray
    counts: IntArray


def best_group(values: FloatArray, groups: IntArray, count: int, seed: int = 0) -> Best:
    """Find the group of posts that does best, shrunk to the mean of all.

    Rates of engagement are skewed, so their logarithms are compared: one post that went round the
    world makes no best hour. The probability is that of the posterior means, each normal with the
    spread of all posts, drawn together.

    Parameters
    ----------
    values : (n,) what a post got by whom it reached, 0 or more
    groups : (n,) from 0 to count − 1
    count : how many groups there are
    seed : of the draws

    Returns
    -------
    Best : without a place where fewer than two groups have `LEAST_POSTS` posts

    Raises
    ------
    ValueError : lengths differ, a value is below nothing, or a group is none
    """
    if len(values) != len(groups):
        raise ValueError("lengths of values and groups differ")
    if len(values) and (values.min() < 0 or groups.min() < 0 or groups.max() >= count):
        raise ValueError("values: one is below nothing, or a group is none")
    counts = np.bincount(groups, minlength=count).astype(np.int64)
    lifts = np.full(count, np.nan)
    is_told = counts >= LEAST_POSTS
    if is_told.sum() < 2:
        return Best(-1, 0.0, 0, 0.0, lifts, counts)
    floor = max(values[values > 0].min(initial=1.0) / 2, 1e-9)
    logs = np.log(np.maximum(values, floor))
    spread = max(float(logs.std(ddof=1)), 1e-9)
    sums = np.bincount(groups, logs - logs.mean(), minlength=count)
    means = sums / (counts + PRIOR_POSTS)
    errors = spread / np.sqrt(counts + PRIOR_POSTS)
    lifts[is_told] = np.expm1(means[is_told])
    places = np.flatnonzero(is_told)
    best = int(places[np.argmax(means[places])])
    rng = np.random.default_rng(seed)
    drawn = rng.normal(means[places], errors[places], (_DRAWS, len(places)))
    wins = float((places[drawn.argmax(axis=1)] == best).mean())
    return Best(best, float(lifts[best]), int(counts[best]), round(wins, 4), lifts, counts)


def hour_counts(values: FloatArray, hours: IntArray) -> FloatArray:
    """Share of what posts got, by the hour of posting and per post of that hour.

    Parameters
    ----------
    values : (n,) what a post got
    hours : (n,) from 0 to 23

    Returns
    -------
    (24,) shares that sum to one; zeros where nothing is known
    """
    posts = np.bincount(hours, minlength=HOURS)
    each = np.bincount(hours, values, minlength=HOURS) / np.maximum(posts, 1)
    each[posts < LEAST_POSTS] = 0
    total = each.sum()
    return np.asarray(each / total if total else each, dtype=np.float64)


def change_of(now: float, before: float) -> float | None:
    """Change against the period before, as a share; ``None`` where that had nothing."""
    return (now - before) / before if before else None


def share_confidence(count: int, of: int) -> float:
    """How sure a share is: one less the width of its 95 % interval (Wilson).

    Parameters
    ----------
    count, of : how many of how many

    Returns
    -------
    from 0 (nothing is known) towards 1

    References
    ----------
    Wilson (1927), J. American Statistical Association 22(158), 209-212.
    """
    if of <= 0:
        return 0.0
    z = 1.959964
    share = count / of
    half = z / (1 + z * z / of) * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return float(max(0.0, 1 - 2 * half))


def most_common(names: Sequence[str]) -> tuple[str, int]:
    """Name that comes most often, and how often; the first of equals by name."""
    if not names:
        return "", 0
    found, counts = np.unique(np.array(names), return_counts=True)
    place = int(counts.argmax())
    return str(found[place]), int(counts[place])
