"""Shapley values of the game whose players are channels."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from attribution.engine.journeys import FloatArray, IntArray, Journeys

EXACT_CHANNELS = 15
PERMUTATIONS = 2_000
_BITS = 62
_CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class ChannelSets:
    """The set of channels each journey has seen, whatever the journeys weigh.

    `members` lists the channels of one distinct set after the other from `offsets`, `belongs`
    is the set of each journey.
    """

    n_channels: int
    offsets: IntArray
    members: IntArray
    belongs: IntArray

    @classmethod
    def of(cls, journeys: Journeys) -> ChannelSets:
        """Reduce journeys to their sets; order and repetition fall away."""
        n_channels = len(journeys.names)
        if not len(journeys.channels):
            nothing = np.zeros(0, np.intp)
            return cls(n_channels, np.zeros(1, np.intp), nothing, nothing)
        if n_channels > _BITS:
            # No bit mask can hold these; each journey then stands for its own set.
            owners = np.repeat(np.arange(len(journeys.lengths)), journeys.lengths)
            pairs = np.unique(owners * n_channels + journeys.channels)
            sets, members = pairs // n_channels, pairs % n_channels
            belongs = np.arange(len(journeys.lengths))
        else:
            masks = np.bitwise_or.reduceat(np.int64(1) << journeys.channels, journeys.starts)
            distinct, belongs = _distinct(masks, n_channels)
            sets, members = np.nonzero(distinct[:, None] >> np.arange(n_channels) & 1)
        sizes = np.bincount(sets)
        return cls(n_channels, np.append(0, np.cumsum(sizes)), members, belongs)

    @property
    def sizes(self) -> IntArray:
        """Channels in each set."""
        return np.diff(self.offsets)

    def totals(self, per_journey: FloatArray) -> FloatArray:
        """Sum over the journeys of each set."""
        return np.bincount(self.belongs, per_journey, len(self.sizes)).astype(np.float64)


def shared_equally(sets: ChannelSets, *worths: FloatArray) -> FloatArray:
    """Shapley values of the game in which a coalition earns what journeys inside it earned.

    With v(S) the sum over the journeys whose channels all lie in S, the game is a sum of
    unanimity games, so each journey's worth is shared equally by its distinct channels. That is
    exact for any number of channels and needs no sampling.

    Parameters
    ----------
    sets : of the journeys
    worths : (n_journeys,) each

    Returns
    -------
    (len(worths), n_channels) credits, zero or more

    References
    ----------
    Shapley (1953), A value for n-person games, Annals of Mathematics Studies 28, 307-317. Zhao,
    Mahboobi, Bagheri (2018), arXiv:1804.05327 (the simplified method).
    """
    return np.stack(
        [
            np.bincount(
                sets.members,
                np.repeat(sets.totals(worth) / sets.sizes, sets.sizes),
                sets.n_channels,
            )
            for worth in worths
        ]
    )


def rate_values(
    sets: ChannelSets,
    journeys_counted: FloatArray,
    *worths: FloatArray,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> FloatArray:
    """Shapley values of the game in which a coalition earns its rate.

    v(S) is the worth per journey among the journeys whose channels all lie in S (0 where there
    are none). A channel that lowers the rate has a negative value. Values are multiplied by the
    number of journeys, so that they add up to the total worth.

    Parameters
    ----------
    sets : of the journeys
    journeys_counted : (n_journeys,) how often each row happened, conversions + nulls
    worths : (n_journeys,) each
    seed, permutations : used beyond 15 channels, where orders are drawn, each with its reverse

    Returns
    -------
    (len(worths), n_channels) credits, of either sign

    References
    ----------
    Shapley (1953), Annals of Mathematics Studies 28, 307-317. Castro, Gómez, Tejada (2009),
    Computers & Operations Research 36(5), 1726-1730 (sampling). Mitchell, Cooper, Frank,
    Holmes (2022), JMLR 23(43) (reversed orders).
    """
    counts = sets.totals(journeys_counted)
    earned = np.stack([sets.totals(worth) for worth in worths])
    if sets.n_channels <= EXACT_CHANNELS:
        values = exact_values(_rates_of_all_coalitions(sets, counts, earned), sets.n_channels)
    else:
        values = _sampled(sets, counts, earned, np.random.default_rng(seed), permutations)
    credited: FloatArray = values * counts.sum()
    return credited


def exact_values(game: FloatArray, n_players: int) -> FloatArray:
    """Shapley values from the worth of every coalition.

    Parameters
    ----------
    game : (n_games, 2**n_players) worth of the coalition whose members are the index's set bits
    n_players : at most 15

    Returns
    -------
    (n_games, n_players)

    Raises
    ------
    ValueError : more than 15 players, or a game of another length

    References
    ----------
    Shapley (1953), Annals of Mathematics Studies 28, 307-317.
    """
    if n_players > EXACT_CHANNELS:
        raise ValueError(
            f"n_players is {n_players}: an exact sum takes at most {EXACT_CHANNELS} channels"
        )
    if game.ndim != 2 or game.shape[1] != 1 << n_players:
        raise ValueError(f"game has shape {game.shape}: it needs a row of {1 << n_players}")
    sizes = np.bitwise_count(np.arange(1 << n_players))
    weights = np.array(
        [
            factorial(s) * factorial(n_players - s - 1) / factorial(n_players)
            for s in range(n_players)
        ]
    )
    values = np.zeros((len(game), n_players))
    for player in range(n_players):
        without = np.flatnonzero(~np.arange(1 << n_players) >> player & 1)
        gains = game[:, without | 1 << player] - game[:, without]
        values[:, player] = gains @ weights[sizes[without]]
    return values


def _distinct(masks: IntArray, n_channels: int) -> tuple[IntArray, IntArray]:
    if n_channels > EXACT_CHANNELS:
        found, place = np.unique(masks, return_inverse=True)
        return found, place
    # A table of all sets is small then, and looking up takes no sorting.
    seen = np.zeros(1 << n_channels, dtype=bool)
    seen[masks] = True
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[masks]


def _rates_of_all_coalitions(
    sets: ChannelSets, counts: FloatArray, earned: FloatArray
) -> FloatArray:
    n = sets.n_channels
    table = np.zeros((1 + len(earned), 1 << n))
    if len(counts):
        masks = np.bitwise_or.reduceat(1 << sets.members, sets.offsets[:-1])
        table[0, masks] = counts
        table[1:, masks] = earned
    for player in range(n):
        # Sum over subsets, one player at a time (Yates's method).
        halves = table.reshape(len(table), -1, 2, 1 << player)
        halves[:, :, 1] += halves[:, :, 0]
    return _rates(table[1:], table[0])


def _sampled(
    sets: ChannelSets,
    counts: FloatArray,
    earned: FloatArray,
    rng: np.random.Generator,
    permutations: int,
) -> FloatArray:
    n = sets.n_channels
    total = np.zeros((len(earned), n))
    chunk = max(1, _CHUNK // max(1, len(sets.members)))
    pairs = max(1, permutations // 2)
    for done in range(0, pairs, chunk):
        orders = rng.permuted(np.tile(np.arange(n), (min(chunk, pairs - done), 1)), axis=1)
        for order in (orders, orders[:, ::-1]):
            total += _marginal_gains(sets, counts, earned, order)
    return total / (2 * pairs)


def _marginal_gains(
    sets: ChannelSets, counts: FloatArray, earned: FloatArray, orders: IntArray
) -> FloatArray:
    """Sum over orders of what each channel adds when it joins."""
    draws, n = orders.shape
    ranks = np.argsort(orders, axis=1)
    # A set is complete when its last member has joined.
    joined = np.maximum.reduceat(ranks[:, sets.members], sets.offsets[:-1], axis=1)
    cells = (joined + n * np.arange(draws)[:, None]).ravel()
    present = _cumulated(cells, np.tile(counts, draws), orders.shape)
    gains = np.empty((len(earned), n))
    for row, worth in enumerate(earned):
        rates = _rates(_cumulated(cells, np.tile(worth, draws), orders.shape), present)
        steps = np.diff(rates, axis=1, prepend=0.0)
        gains[row] = np.bincount(orders.ravel(), steps.ravel(), n)
    return gains


def _cumulated(cells: IntArray, worth: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    cumulated: FloatArray = np.bincount(cells, worth, shape[0] * shape[1]).reshape(shape).cumsum(1)
    return cumulated


def _rates(earned: FloatArray, counts: FloatArray) -> FloatArray:
    shape = np.broadcast_shapes(earned.shape, counts.shape)
    rates: FloatArray = np.divide(earned, counts, out=np.zeros(shape), where=counts > 0)
    return rates
