"""What a workspace's own deals say their stages are worth.

Deals are walks through stages that end won or lost. The share of moves from each stage to each
other makes an absorbing Markov chain; a deal in a stage is worth the chance that it is won from
there times what won deals bring. Open deals count by the moves they made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

REPLICATES = 300
LEVEL = 0.95
MIN_DEALS = 30  # that left a stage
MIN_WON = 10

# A hair below one, so that stages which only lead round in a circle are worth nothing.
_DAMPED = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class Walk:
    """Stages of a deal in the order of time; ``amount`` is what it brought once won, if known."""

    stages: tuple[str, ...]
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class LearnedValue:
    """Value of a stage with the bounds of its interval, and how many deals left it."""

    value: float
    low: float
    high: float
    deals: int


def learned_values(
    walks: Sequence[Walk],
    *,
    won: str,
    lost: frozenset[str],
    usual_amount: float,
    replicates: int = REPLICATES,
    level: float = LEVEL,
    seed: int = 0,
) -> dict[str, LearnedValue]:
    """Value per stage that enough deals have left, with bootstrap intervals over deals.

    Every deal is drawn Poisson(1) times in each replicate; the bounds are percentiles.

    Parameters
    ----------
    walks : one for each deal; repeats of a stage count once
    won : the stage that ends a deal well
    lost : stages that end it badly
    usual_amount : money of a won deal whose amount is not known
    replicates : draws for the intervals
    level : share of the draws between the bounds, above 0 and below 1
    seed : of the draws; the same input gives the same bits

    Returns
    -------
    By stage, ``won`` included; without those that fewer than ``MIN_DEALS`` deals left. Empty with
    fewer than ``MIN_WON`` won deals.

    References
    ----------
    Kemeny, Snell (1976), Finite Markov Chains, chapter III. Hanley, MacGibbon (2006), Computer
    Methods and Programs in Biomedicine 83(1), 57-62.
    """
    moves = _Moves(walks, won, lost, usual_amount)
    if moves.won_deals < MIN_WON:
        return {}
    ones = np.ones(len(walks))
    values = moves.values(ones)
    rng = np.random.default_rng(seed)
    drawn = np.array(
        [moves.values(rng.poisson(1.0, len(walks)).astype(float)) for _ in range(replicates)]
    )
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {
        stage: LearnedValue(float(values[place]), float(low[place]), float(high[place]), deals)
        for place, (stage, deals) in enumerate(zip(moves.stages, moves.deals, strict=True))
        if deals >= MIN_DEALS or stage == won
    }


class _Moves:
    """Moves of all deals as integers: deal, from, to."""

    def __init__(
        self, walks: Sequence[Walk], won: str, lost: frozenset[str], usual_amount: float
    ) -> None:
        seen = {stage for walk in walks for stage in walk.stages} - lost - {won}
        # The won stage is the last column of what is valued, the lost ones share one after it.
        self.stages = [*sorted(seen), won]
        self._places = {stage: place for place, stage in enumerate(self.stages)}
        self._lost = len(self.stages)
        rows = [
            (deal, *pair) for deal, walk in enumerate(walks) for pair in pairwise(self._path(walk))
        ]
        found = np.array(rows, dtype=np.int64).reshape(-1, 3)
        # A deal that was won or lost and opened again goes on from its new stage.
        found = found[found[:, 1] < self._lost - 1]
        self._deal, self._cell = found[:, 0], found[:, 1] * (self._lost + 1) + found[:, 2]
        self.deals = [len(set(found[found[:, 1] == n, 0])) for n in range(self._lost)]
        self._is_won = np.array([bool(w.stages) and w.stages[-1] == won for w in walks])
        self.won_deals = int(self._is_won.sum())
        self.deals[-1] = self.won_deals
        self._amount = np.array(
            [usual_amount if walk.amount is None else walk.amount for walk in walks]
        )

    def _path(self, walk: Walk) -> list[int]:
        path = [self._places.get(stage, self._lost) for stage in walk.stages]
        return [place for n, place in enumerate(path) if n == 0 or place != path[n - 1]]

    def values(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Value of each stage when each deal counts as often as its weight says."""
        width, won = self._lost + 1, self._lost - 1
        counts = np.bincount(self._cell, weights[self._deal], minlength=self._lost * width)
        table = counts.reshape(self._lost, width)[:won]
        leaving = table.sum(axis=1, keepdims=True)
        shares = np.divide(table, leaving, out=np.zeros_like(table), where=leaving > 0)
        times = weights * self._is_won
        amount = float(times @ self._amount / times.sum()) if times.any() else 0.0
        inner = np.eye(won) - _DAMPED * shares[:, :won]
        chance = np.linalg.solve(inner, shares[:, won])
        return np.append(chance * amount, amount)
