"""How soon a customer is to be answered: the targets, and what raises or caps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from outreach.engine.channels import FloatArray


class Urgency(StrEnum):
    """How urgent a message is, the most urgent first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


LEVELS: Final = tuple(Urgency)


class Promise(StrEnum):
    """What is promised within a time."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


#: Minutes of business time for high, medium and low urgency; None where nothing is promised.
Minutes = tuple[int | None, int | None, int | None]

#: Sentiment below which a message moves one level up.
UNHAPPY: Final = -0.5
WARN_SHARE: Final = 0.75
ESCALATE_SHARE: Final = 1.5
#: Minutes on the wall in which Meta and WhatsApp let a business answer freely.
REPLY_WINDOW_MINUTES: Final = 24 * 60

#: Row of a channel that has none of its own.
OTHER: Final = "other"
#: Public comments wait like a channel of their own, whatever network they are on.
COMMENT: Final = "comment"

_NOTHING: Final[Minutes] = (None, None, None)
_CHAT: Final[Minutes] = (2, 5, 15)
_TEXT: Final[Minutes] = (15, 30, 120)
_DIRECT: Final[Minutes] = (30, 60, 240)
_LETTER: Final[Minutes] = (60, 240, 480)
_PUBLIC: Final[Minutes] = (15, 60, 240)
_RESPONSES: Final[Mapping[str, Minutes]] = MappingProxyType(
    {
        "chat": _CHAT,
        **dict.fromkeys(("whatsapp", "sms"), _TEXT),
        **dict.fromkeys(("instagram", "facebook", "twitter"), _DIRECT),
        **dict.fromkeys(("linkedin", "email", OTHER), _LETTER),
        COMMENT: _PUBLIC,
    }
)
# Half a day, one and two; a letter takes twice as long, a chat is over on the same day.
_RESOLUTIONS: Final[Mapping[str, Minutes]] = MappingProxyType(
    {
        "chat": (60, 120, 480),
        **dict.fromkeys(
            ("whatsapp", "sms", "instagram", "facebook", "twitter", COMMENT), (240, 480, 960)
        ),
        **dict.fromkeys(("linkedin", "email", OTHER), (480, 960, 1_920)),
    }
)


def _defaults() -> Mapping[Promise, Mapping[str, Minutes]]:
    return MappingProxyType(
        {
            Promise.FIRST_RESPONSE: _RESPONSES,
            Promise.NEXT_RESPONSE: _RESPONSES,
            Promise.RESOLUTION: _RESOLUTIONS,
        }
    )


@dataclass(frozen=True)
class Policy:
    """Targets of a workspace.

    Attributes
    ----------
    targets : of each promise, minutes of business time by channel and urgency; a row 'other'
        stands for the channels that have none, and without it nothing is promised there
    windows : minutes on the wall after a customer's message in which a channel takes an answer
    warn_share, escalate_share : of the target, at which people are warned and others are told
    """

    targets: Mapping[Promise, Mapping[str, Minutes]] = field(default_factory=_defaults)
    windows: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(
            dict.fromkeys(("whatsapp", "instagram", "facebook"), REPLY_WINDOW_MINUTES)
        )
    )
    warn_share: float = WARN_SHARE
    escalate_share: float = ESCALATE_SHARE

    def __post_init__(self) -> None:
        for promise, rows in self.targets.items():
            for channel, row in rows.items():
                if len(row) != len(LEVELS) or any(m is not None and m < 1 for m in row):
                    raise ValueError(
                        f"targets: {promise} of {channel}: {row}, must be three times a minute or"
                        " more, or None"
                    )
        if any(minutes < 1 for minutes in self.windows.values()):
            raise ValueError("windows: must be a minute or more")
        if not 0 < self.warn_share < 1 < self.escalate_share:
            raise ValueError("warn_share lies between 0 and 1, escalate_share over 1")

    def minutes(self, promise: Promise, channel: str, urgency: Urgency) -> int | None:
        """Minutes of business time that a channel has for an urgency; None for no promise."""
        return self._row(promise, channel)[LEVELS.index(urgency)]

    def table(self, promise: Promise, channels: tuple[str, ...]) -> FloatArray:
        """Minutes as an array for many messages at once.

        Parameters
        ----------
        promise : which of the three
        channels : in the order of the codes

        Returns
        -------
        (channels, 3) minutes; columns are high, medium and low; not a number for no promise
        """
        return np.array([self._row(promise, name) for name in channels], np.float64)

    def _row(self, promise: Promise, channel: str) -> Minutes:
        rows = self.targets.get(promise, {})
        return rows.get(channel, rows.get(OTHER, _NOTHING))


def level_of(urgency: Urgency, *, is_complaint: bool, sentiment: float) -> Urgency:
    """Urgency by which a message is answered: one higher for complaints and unhappy people.

    Parameters
    ----------
    urgency : as classified
    is_complaint : its intent
    sentiment : −1 to 1; below −0.5 counts as unhappy
    """
    raised = is_complaint or sentiment < UNHAPPY
    return LEVELS[max(0, LEVELS.index(urgency) - raised)]
