"""Worth of channels that is learnt from what people did, against that of the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import BoolArray, FloatArray, IntArray

#: Messages of a channel in a segment below which what is learnt has no say there.
LEAST_MESSAGES: Final = 200
#: Share of people whose channel the challenger chooses; the champion chooses for the others.
CHALLENGER_SHARE: Final = 0.1
#: Messages that each of the two needs before they are compared.
LEAST_COMPARED: Final = 500
#: Chance of being the better one from which it is said to be.
SURE: Final = 0.95


@dataclass(frozen=True)
class Learned:
    """What came of messages by segment and channel.

    Attributes
    ----------
    messages, successes : (segments, k) sent, and answered as the campaign wants (a click, a reply)
    share : of people for whom it decides: a challenger's, or all but that of a champion
    least : messages that every channel of a segment needs before it decides there
    """

    messages: IntArray
    successes: IntArray
    share: float = CHALLENGER_SHARE
    least: int = LEAST_MESSAGES

    def __post_init__(self) -> None:
        if self.messages.shape != self.successes.shape or self.messages.ndim != 2:
            raise ValueError("successes: they need the shape of messages, (segments, channels)")
        if (self.successes < 0).any() or (self.successes > self.messages).any():
            raise ValueError("successes: they lie between 0 and the messages")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share: {self.share} does not lie in [0, 1]")

    @property
    def is_ready(self) -> BoolArray:
        """(segments,) whether there is enough of every channel."""
        return np.asarray((self.messages >= self.least).all(axis=1))

    def draws(
        self, segment: IntArray, beliefs: np.random.Generator, people: np.random.Generator
    ) -> tuple[FloatArray, BoolArray]:
        """Worth of each channel for each person, and for whom it decides (Thompson sampling).

        A draw from the belief about each channel's rate, Beta(1, 1) before the data: the channel
        with the highest draw wins as often as it is likely to be the best.

        Parameters
        ----------
        segment : (n,) places of people's segments
        beliefs, people : one for the draws, one for who takes part; the same give the same
            answers, however the people are cut into parts in their order

        Returns
        -------
        (n, k) in [0, 1], and (n,)

        References
        ----------
        Russo et al. (2018), A Tutorial on Thompson Sampling, section 3.
        """
        drawn = beliefs.beta(
            1 + self.successes[segment], 1 + self.messages[segment] - self.successes[segment]
        )
        decides = self.is_ready[segment] & (people.random(segment.size) < self.share)
        return drawn, decides


@dataclass(frozen=True)
class Comparison:
    """What was learnt against the table, on people who were dealt to them by chance.

    Attributes
    ----------
    learned, table : messages that each chose the channel of
    difference : of the shares of answered messages, learnt less table, each type of people weighed
    chance : that what was learnt is the better one
    """

    learned: int
    table: int
    difference: float
    chance: float

    @property
    def is_enough(self) -> bool:
        """Whether both chose often enough to say anything."""
        return min(self.learned, self.table) >= LEAST_COMPARED

    def is_better(self, *, learned: bool) -> bool:
        """Whether one of them is, and not by chance."""
        return self.is_enough and (self.chance if learned else 1 - self.chance) >= SURE


def compare(
    learned: IntArray, learned_answers: IntArray, table: IntArray, table_answers: IntArray
) -> Comparison:
    """Compare the two within each type of people, and weigh the types.

    A type weighs as much as it can say, n·m / (n + m) for n and m messages (Cochran's weights);
    types that only one of them wrote to say nothing. The difference is taken as normal, with
    a prior of half an answer and half a silence for each.

    Parameters
    ----------
    learned, table : (segments,) messages
    learned_answers, table_answers : (segments,) those that were answered

    References
    ----------
    Cochran (1954), Some Methods for Strengthening the Common χ² Tests, section 5.
    """
    is_told = (learned > 0) & (table > 0)
    n, m = learned[is_told].astype(float), table[is_told].astype(float)
    ours, theirs = (
        (answers[is_told] + 0.5) / (size + 1)
        for answers, size in ((learned_answers, n), (table_answers, m))
    )
    weight = n * m / (n + m)
    if not weight.size:
        return Comparison(int(learned.sum()), int(table.sum()), 0.0, 0.5)
    weight /= weight.sum()
    difference = float((weight * (ours - theirs)).sum())
    variance = float((weight**2 * (ours * (1 - ours) / n + theirs * (1 - theirs) / m)).sum())
    chance = 0.5 * (1 + math.erf(difference / math.sqrt(2 * variance)))
    return Comparison(int(n.sum()), int(m.sum()), difference, chance)
