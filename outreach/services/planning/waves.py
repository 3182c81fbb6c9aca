"""Who is written to first, so that harm shows before everybody is."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from experiments.engine.hashing import BUCKETS, buckets
from outreach.engine.channels import IntArray

#: Recipients below which there is nothing to try out on a few.
CANARY_FROM: Final = 500
#: Ends of the waves, in ten-thousandths: 1 %, 10 %, everybody.
ENDS: Final = (100, 1_000, BUCKETS)


def waves_of(
    campaign: str, contacts: IntArray, is_sent: npt.NDArray[np.bool_], *, has_canary: bool
) -> tuple[npt.NDArray[np.int16], list[int]]:
    """Wave of each contact, by a hash of its own for each campaign, and how many are in up to each.

    Who gets nothing is in the first.
    """
    total = int(is_sent.sum())
    if not has_canary or total < CANARY_FROM:
        return np.zeros(len(contacts), np.int16), [total]
    found = buckets(f"{campaign}/waves", [str(one) for one in contacts.tolist()])
    waves = np.searchsorted(np.array(ENDS[:-1]), found, side="right").astype(np.int16)
    waves[~is_sent] = 0
    counts = np.bincount(waves[is_sent], minlength=len(ENDS))
    return waves, np.cumsum(counts).tolist()
