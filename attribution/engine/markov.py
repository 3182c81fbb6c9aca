"""Markov chain attribution: what is lost when a channel leads nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from attribution.engine.journeys import FloatArray, IntArray, Journeys

ORDERS = (1, 2, 3)
# Up to here one counter per possible code is cheaper than sorting the codes.
_DENSE_CODES = 1 << 20


@dataclass(frozen=True, eq=False)
class Steps:
    """Every step of every journey as a code, whatever the journeys weigh.

    A state is its last touches as digits to base n_channels + 1 (0 pads the start), newest last;
    a step's code has one digit more: the state it leaves, then the channel it enters.
    """

    n_channels: int
    order: int
    codes: IntArray
    counter: IntArray
    finals: IntArray
    final_counter: IntArray
    lengths: IntArray

    @classmethod
    def of(cls, journeys: Journeys, order: int) -> Steps:
        """Code the steps.

        Parameters
        ----------
        journeys : (n_journeys,) rows
        order : touches that a state remembers, 1 to 3

        Returns
        -------
        step codes (`codes`, sorted) and the place there of each touch's step (`counter`); last
        states (`finals`, sorted) and the place there of each journey's (`final_counter`)

        Raises
        ------
        ValueError : an order other than 1, 2 or 3, or more channels than a code can hold
        """
        if order not in ORDERS:
            raise ValueError(f"order is {order}: choose 1, 2 or 3")
        base = len(journeys.names) + 1
        if base ** (order + 1) > np.iinfo(np.int64).max:
            raise ValueError(
                f"order {order} is too high for {base - 1} channels: choose a lower one"
            )
        steps = _step_codes(journeys, base, order)
        codes, counter = _numbered(steps, base ** (order + 1))
        finals, final_counter = _numbered(steps[journeys.ends] % base**order, base**order)
        return cls(base - 1, order, codes, counter, finals, final_counter, journeys.lengths)


@dataclass(frozen=True, eq=False)
class Chain:
    """An absorbing chain over the states that journeys really visit; state 0 is the start.

    `moves` holds the probabilities between states, `converts` and `earns` the probability of a
    conversion and the expected money when a journey ends here, `states` the code of each state.
    """

    states: IntArray
    moves: sparse.csc_matrix
    converts: FloatArray
    earns: FloatArray
    n_channels: int
    order: int

    @classmethod
    def counted(
        cls, steps: Steps, conversions: FloatArray, nulls: FloatArray, values: FloatArray
    ) -> Chain:
        """Weigh the steps.

        Parameters
        ----------
        conversions, nulls, values : (n_journeys,)

        Returns
        -------
        the chain in which each journey counts conversions + nulls times; the conversion step is
        worth the mean value given the last state
        """
        base = steps.n_channels + 1
        weights = conversions + nulls
        counts = np.bincount(steps.counter, np.repeat(weights, steps.lengths), len(steps.codes))
        used = counts > 0
        codes, counts = steps.codes[used], counts[used]
        leaves, enters = codes // base, codes % base**steps.order
        states = np.union1d(np.zeros(1, codes.dtype), enters)
        ending = np.stack(
            [
                np.bincount(steps.final_counter, x, len(steps.finals))
                for x in (weights, conversions, values)
            ]
        )
        # A path that weighs nothing may end in a state that no other path visits.
        visited = np.isin(steps.finals, states)
        ended = np.zeros((3, len(states)))
        ended[:, np.searchsorted(states, steps.finals[visited])] = ending[:, visited]
        source = np.searchsorted(states, leaves)
        out = np.bincount(source, counts, len(states)) + ended[0]
        out[out == 0] = 1.0
        moves = sparse.csc_matrix(
            (counts / out[source], (source, np.searchsorted(states, enters))),
            shape=(len(states), len(states)),
        )
        return cls(states, moves, ended[1] / out, ended[2] / out, base - 1, steps.order)

    def removal_effects(self) -> FloatArray:
        """Share of conversions and of money lost when each channel leads to nothing.

        Returns
        -------
        (2, n_channels) values in [0, 1]: conversions, money; 1 − P(conversion when every state
        that holds the channel ends without one) / P(conversion). All zero where nothing converts.

        References
        ----------
        Anderl, Becker, von Wangenheim, Schumann (2016), Int. J. of Research in Marketing 33(3),
        457-474. Kemeny, Snell (1976), Finite Markov Chains, theorems 3.2.4 and 3.3.7.
        """
        rewards = np.stack([self.converts, self.earns], axis=1)
        full, lost = self._one_each(rewards) if self.order == 1 else self._many_each(rewards)
        shares = np.divide(lost, full, out=np.zeros_like(lost), where=full > 0)
        effects: FloatArray = np.clip(shares, 0.0, 1.0).T
        return effects

    def _many_each(self, rewards: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solve once a channel, over the states that do not hold it."""
        full = _visits(self.moves) @ rewards
        lost = np.zeros((self.n_channels, 2))
        for channel in range(self.n_channels):
            kept = np.flatnonzero(~self._holds(channel))
            if len(kept) < len(self.states):
                lost[channel] = full - _visits(self.moves[kept][:, kept]) @ rewards[kept]
        return full, lost

    def _one_each(self, rewards: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solve once for all channels, as each is one state.

        Expected visits to it, over those it makes to itself, are the probability to reach it at
        all (Kemeny, Snell, theorem 3.5.7); what would follow from there is lost.
        """
        visits = np.linalg.inv(np.eye(len(self.states)) - self.moves.toarray())
        followed = visits @ rewards
        reached = (visits[0] / visits.diagonal())[1:]
        lost = np.zeros((self.n_channels, 2))
        lost[self.states[1:] - 1] = reached[:, None] * followed[1:]
        return followed[0], lost

    def _holds(self, channel: int) -> npt.NDArray[np.bool_]:
        base = self.n_channels + 1
        digits = self.states[:, None] // base ** np.arange(self.order) % base
        holds: npt.NDArray[np.bool_] = np.any(digits == channel + 1, axis=1)
        return holds


def markov_credits(
    steps: Steps, conversions: FloatArray, nulls: FloatArray, values: FloatArray
) -> FloatArray:
    """Conversions and money in proportion to the removal effects.

    Parameters
    ----------
    steps : of the same journeys
    conversions, nulls, values : (n_journeys,)

    Returns
    -------
    (2, n_channels) unscaled credits; zero in a row whose chain has nothing to lose
    """
    return Chain.counted(steps, conversions, nulls, values).removal_effects()


def _step_codes(journeys: Journeys, base: int, order: int) -> IntArray:
    """Code of the step into each touch, from the touches before it in its own journey."""
    digits = journeys.channels.astype(np.int64) + 1
    steps = digits.copy()
    shifted = digits
    for back in range(1, order + 1):
        shifted = np.concatenate([np.zeros(min(1, len(shifted)), np.int64), shifted[:-1]])
        # A journey's first touch has no touch before it; shifting on keeps its padding.
        shifted[journeys.starts] = 0
        steps += shifted * base**back
    return steps


def _numbered(codes: IntArray, limit: int) -> tuple[IntArray, IntArray]:
    """Distinct codes in order, and the place in them of each code given."""
    if limit > _DENSE_CODES:
        found, place = np.unique(codes, return_inverse=True)
        return found, place
    return np.arange(limit), codes


def _visits(moves: sparse.csc_matrix) -> FloatArray:
    """Count the expected visits to each state from the start, the first of them."""
    start = np.zeros(moves.shape[0])
    start[0] = 1.0
    stays = sparse.identity(moves.shape[0], format="csc") - moves
    visits: FloatArray = splu(stays.tocsc()).solve(start, trans="T")
    return visits
