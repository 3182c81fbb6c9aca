"""How often people answer on each channel, as choices of channels learn from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from attribution.models import CustomerType
from outreach.engine.channels import Channel
from outreach.engine.learned import CHALLENGER_SHARE, LEAST_MESSAGES, Comparison, Learned, compare
from outreach.models import ChannelChooser, ChannelWorth, MessageChannel
from outreach.selectors.laws import outreach_policy_of
from workspaces.models import Workspace

_TYPES: Final = tuple(CustomerType.values)


def learned_of(workspace: Workspace, channels: tuple[Channel, ...]) -> Learned | None:
    """What was learnt of some channels; nothing while no type of people has enough messages."""
    place = {channel.key: number for number, channel in enumerate(channels)}
    messages = np.zeros((len(_TYPES), len(channels)), np.int64)
    answered = np.zeros_like(messages)
    for row in Answers.of(workspace).rows:
        if row.channel in place and row.customer_type in _TYPES:
            cell = _TYPES.index(row.customer_type), place[row.channel]
            messages[cell] += row.messages
            answered[cell] += row.answered
    is_champion = outreach_policy_of(workspace).learned_chooses
    share = 1 - CHALLENGER_SHARE if is_champion else CHALLENGER_SHARE
    found = Learned(messages, answered, share)
    return found if len(channels) > 1 and found.is_ready.any() else None


def chance_of(*names: object) -> np.random.Generator:
    """Chance that is the same for the same names, so that a plan made again is the same."""
    digest = hashlib.sha256("\0".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


@dataclass(frozen=True)
class Worth:
    """A channel among people of a type, for a page."""

    customer_type: str
    channel: str
    messages: int
    answered: int

    @property
    def share(self) -> float:
        """Of messages that were answered."""
        return self.answered / self.messages if self.messages else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether it is one that choices can be made by."""
        return self.messages >= LEAST_MESSAGES


@dataclass(frozen=True)
class Answers:
    """All that was counted of a workspace."""

    rows: tuple[ChannelWorth, ...]

    @classmethod
    def of(cls, workspace: Workspace) -> Answers:
        """Read them."""
        return cls(tuple(ChannelWorth.objects.filter(workspace=workspace).order_by("pk")))

    def lines(self) -> list[Worth]:
        """What people of each type answered on each channel, both in their order."""
        return [
            Worth(label, name, *_sums(rows))
            for value, label in CustomerType.choices
            for channel, name in MessageChannel.choices
            if (rows := [one for one in self.rows if _place(one) == (value, channel)])
        ]

    def comparison(self) -> Comparison:
        """What was learnt against the table, on what each of them chose."""
        ours, theirs = (
            np.array([
                _sums(
                    one for one in self.rows
                    if (one.chosen_by, one.customer_type) == (chooser, value)
                )
                for value in _TYPES
            ])
            for chooser in (ChannelChooser.LEARNED, ChannelChooser.TABLE)
        )  # fmt: skip
        return compare(ours[:, 0], ours[:, 1], theirs[:, 0], theirs[:, 1])


def _place(row: ChannelWorth) -> tuple[str, str]:
    return row.customer_type, row.channel


def _sums(rows: Iterable[ChannelWorth]) -> tuple[int, int]:
    known = list(rows)
    return sum(one.messages for one in known), sum(one.answered for one in known)
