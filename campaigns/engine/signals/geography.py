"""Whether installs left some regions and not others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from campaigns.engine.signals.history import BoolArray, FloatArray
from campaigns.engine.signals.robust import LEAST_DAYS, WINDOW_DAYS

# Pearson's statistic is no χ² where fewer are expected.
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Uneven:
    """How likely chance alone moves shares of regions so far, and which regions lost."""

    p: float
    hit: BoolArray


def uneven_regions(installs: FloatArray, *, past: BoolArray, newest: int) -> Uneven | None:
    """Compare the regions' shares of the newest days with those of the 28 usable days before.

    Pearson's χ² of the newest counts, divided by how much more than chance the past days scatter
    about their own shares, is judged by χ² with g − 1 degrees of freedom. Regions too small to
    expect five installs are left out. The hit ones are those below the largest step between
    neighbours, when regions are ordered by observed over expected, that explains most of it.

    Parameters
    ----------
    installs : (g, d) by region and day
    past : (d,) days that may count as usual
    newest : how many of the last days are judged

    Returns
    -------
    ``None`` with fewer than two regions or 14 past days

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 5.5 (overdispersion).
    """
    days = np.flatnonzero(past)[-WINDOW_DAYS:]
    if installs.shape[0] < 2 or days.size < LEAST_DAYS:
        return None
    before, now = installs[:, days], installs[:, -newest:].sum(axis=1)
    shares = before.sum(axis=1) / max(before.sum(), 1.0)
    expected = shares * now.sum()
    large = expected >= LEAST_EXPECTED
    if large.sum() < 2:
        return None
    spread = _overdispersion(before[large], shares[large])
    # Both sides are counted, so both scatter.
    variance = expected[large] * spread * (1 + now.sum() / before.sum())
    statistic = float(((now - expected)[large] ** 2 / variance).sum())
    hit = np.zeros(large.shape, dtype=np.bool_)
    hit[large] = _lower_group(now[large], expected[large])
    return Uneven(float(special.chdtrc(large.sum() - 1, statistic)), hit)


def _overdispersion(before: FloatArray, shares: FloatArray) -> float:
    expected = shares[:, None] * before.sum(axis=0) / shares.sum()
    known = expected > 0
    pearson = ((before - expected)[known] ** 2 / expected[known]).sum()
    freedom = (before.shape[0] - 1) * (before.shape[1] - 1)
    return max(1.0, float(pearson / freedom))


def _lower_group(now: FloatArray, expected: FloatArray) -> BoolArray:
    """Split regions in two where the two groups' ratios explain most."""
    order = np.argsort(now / expected)
    seen, meant = np.cumsum(now[order])[:-1], np.cumsum(expected[order])[:-1]
    rest_seen, rest_meant = now.sum() - seen, expected.sum() - meant
    gain = (seen - meant) ** 2 / meant + (rest_seen - rest_meant) ** 2 / rest_meant
    hit = np.zeros(now.shape, dtype=np.bool_)
    hit[order[: int(np.argmax(gain)) + 1]] = True
    return hit
