"""What has become of a message, from all that was heard of it, in whatever order it was heard.

Providers tell late, twice and out of order, and some tell of an opening before the delivery. So a
state is never moved by an event: it is worked out from the first time of each kind, which any
order of the same events gives alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

#: Kinds that leave a time on the message; the first of a kind counts.
TIMED: Final = (
    "sent", "delivered", "opened", "clicked", "replied", "bounced", "complained", "unsubscribed",
    "converted", "failed",
)  # fmt: skip
#: Kinds that say that it arrived, whether or not a receipt came.
_ARRIVED: Final = ("delivered", "opened", "clicked", "replied", "complained", "unsubscribed")
#: What a message is called, the most telling first.
_NAMED: Final = (
    "complained", "unsubscribed", "replied", "clicked", "opened", "delivered",
)  # fmt: skip
_TOLD_AS: Final[Mapping[str, str]] = {"accepted": "sent"}


@dataclass(frozen=True)
class Told:
    """One event: its kind, when it happened, and of a click the address."""

    kind: str
    at: datetime
    url: str = ""


@dataclass(frozen=True)
class Story:
    """Times by kind, and how often; ``links`` counts clicks by address."""

    times: Mapping[str, datetime] = field(default_factory=dict)
    opens: int = 0
    clicks: int = 0
    links: Mapping[str, int] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Name of where it stands; empty while nothing says that it went out or failed."""
        if "bounced" in self.times and not self._was_read:
            return "bounced"
        for kind in _NAMED:
            if kind in self.times:
                return kind
        if "failed" in self.times:
            return "failed"
        return "sent" if "sent" in self.times else ""

    @property
    def _was_read(self) -> bool:
        # A mailbox may bounce after it took a message, but not after somebody read it.
        return any(kind in self.times for kind in _ARRIVED if kind != "delivered")

    def after(self, told: Told) -> Story:
        """Return the story with one more event in it."""
        kind = _TOLD_AS.get(told.kind, told.kind)
        story = self if kind not in TIMED else self._timed(kind, told.at)
        if kind == "opened":
            return replace(story, opens=story.opens + 1)
        if kind == "clicked":
            links = dict(story.links)
            if told.url:
                links[told.url] = links.get(told.url, 0) + 1
            # Pictures may be switched off; who clicks has opened it.
            story = story._timed("opened", told.at)
            return replace(story, clicks=story.clicks + 1, links=links)
        return story

    def _timed(self, kind: str, at: datetime) -> Story:
        known = self.times.get(kind)
        if known is not None and known <= at:
            return self
        return replace(self, times={**self.times, kind: at})


def firsts(before: Story, now: Story) -> tuple[str, ...]:
    """Kinds that a message did not have before: what is counted of it, each once."""
    return tuple(kind for kind in TIMED if kind in now.times and kind not in before.times)
