"""What engagement is worth, of a post and of a person."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Codes of kinds are places in this mapping.
VALUES: Final = {
    "like": 2, "profile_visit": 5, "comment": 6, "mention": 6, "tag": 6, "share": 8, "repost": 8,
    "save": 10,
}  # fmt: skip
KINDS: Final = tuple(VALUES)
HIGHEST: Final = max(VALUES.values())
_VALUE_OF: Final = np.array(list(VALUES.values()), dtype=np.float64)
_FAMOUS: Final = 1_000_000  # followers of who counts fully


def engagement_values(kinds: npt.NDArray[np.int8]) -> FloatArray:
    """Value of each engagement.

    Parameters
    ----------
    kinds : (n,) places in `KINDS`

    Returns
    -------
    (n,) values, 2 to 10
    """
    return _VALUE_OF[kinds]


def engagement_rate(
    likes: FloatArray, comments: FloatArray, shares: FloatArray, reach: FloatArray
) -> FloatArray:
    """Likes, comments and shares by reach; 0 where nobody was reached.

    Parameters
    ----------
    likes, comments, shares, reach : (posts,) counts

    Returns
    -------
    (posts,) rates; above 1 where people did several things each
    """
    done = np.asarray(likes, np.float64) + comments + shares
    reached = np.asarray(reach, np.float64)
    return np.divide(done, reached, out=np.zeros_like(done), where=reached > 0)


def post_scores(worth: FloatArray, reach: FloatArray) -> FloatArray:
    """Place of each post among the others, by what its engagement is worth per person reached.

    Parameters
    ----------
    worth : (posts,) sums of the values of their engagements
    reach : (posts,) people; a post that reached nobody is worth nothing

    Returns
    -------
    (posts,) 0 to 100, the share of the others below, ties by half; 50 for one alone
    """
    values, reached = np.asarray(worth, np.float64), np.asarray(reach, np.float64)
    each = np.divide(values, reached, out=np.zeros_like(values), where=reached > 0)
    if len(each) < 2:
        return np.full(len(each), 50.0)
    order = np.sort(each)
    below = np.searchsorted(order, each, side="left")
    ties = np.searchsorted(order, each, side="right") - below - 1
    return np.asarray(100 * (below + ties / 2) / (len(each) - 1), dtype=np.float64)


def influence(followers: FloatArray, values: FloatArray) -> FloatArray:
    """Weight of an engagement by who did it: followers on a log scale, times its value.

    Parameters
    ----------
    followers : (n,) of the person; unknown is 0
    values : (n,) from `engagement_values`

    Returns
    -------
    (n,) 0 to 100; 100 is a save by somebody with a million followers
    """
    known = np.log10(1 + np.maximum(0, np.asarray(followers, np.float64)))
    share = np.minimum(1, known / np.log10(_FAMOUS))
    return np.asarray(100 * share * values / HIGHEST, dtype=np.float64)
