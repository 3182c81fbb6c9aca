"""Worth of channels that is learnt from what people did, against that of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import BoolArray, FloatArray, IntArray

#: Messages of a channel in a segment below which what is learnt has no say there.
LEAST_MESSAGES: Final = 200
#: Share of people whose channel the challenger chooses while the table is the champion.
CHALLENGER_SHARE: Final = 0.1


@dataclass(frozen=True)
class Learned:
    """What came of messages by segment and channel.

    Attributes
    ----------
    messages, successes : (segments, k) sent, and answered as the campaign wants (a click, a reply)
    share : of people for whom it decides: the challenger's share, 1 for a champion
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
