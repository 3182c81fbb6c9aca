"""The report in plain Python, by what its words say: what the statements are held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inbox.engine.hours import BusinessHours, between
from inbox.models import Conversation, CustomerResponse


@dataclass(frozen=True)
class Waited:
    """Somebody who waited for an answer."""

    conversation: Conversation
    first: CustomerResponse
    answer: CustomerResponse | None
    is_first: bool

    def minutes(self, hours: BusinessHours) -> tuple[float, float] | None:
        """On the wall, and of business time."""
        if self.answer is None:
            return None
        wall = (self.answer.at - self.first.at).total_seconds() / 60
        return wall, between(hours, self.first.at, self.answer.at)

    @property
    def is_missed(self) -> bool:
        """Whether it was over when it was answered, or is."""
        return self.first.breached_at is not None and self.first.is_kept is not True


def waited_in(
    conversations: Iterable[Conversation], since: datetime, until: datetime
) -> list[Waited]:
    """Live through each conversation message by message."""
    found: list[Waited] = []
    for talk in conversations:
        waiting: CustomerResponse | None = None
        is_first = True
        for row in CustomerResponse.objects.filter(conversation=talk).order_by("at", "pk"):
            # Written when they came, and sent when they were written.
            if row.is_auto or row.delivery in ("cancelled", "failed"):
                continue
            if row.direction == "in":
                waiting = waiting or row
            else:
                if waiting:
                    found.append(Waited(talk, waiting, row, is_first))
                waiting, is_first = None, False
        if waiting:
            found.append(Waited(talk, waiting, None, is_first))
    return [one for one in found if since <= one.first.at < until]


def percentile(values: list[float], share: float) -> float:
    """Linear between two neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
