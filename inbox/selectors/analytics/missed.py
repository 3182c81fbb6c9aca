"""Promises that were not kept, with whose they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inbox.models import Conversation, InboxChannel, Team
from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.counted import lasted
from inbox.selectors.analytics.turns import Missed, missed_rows
from inbox.selectors.naming import name_them
from workspaces.models import User

SIZE: Final = 50


@dataclass(frozen=True)
class MissedLine:
    """One row of the list; ``late`` is how much later it was answered."""

    row: Missed
    conversation: Conversation
    channel: str
    team: str
    agent: str
    late: str


@dataclass(frozen=True)
class MissedPage:
    """A page of them, and the numbers of those beside it."""

    lines: tuple[MissedLine, ...]
    earlier: int | None
    later: int | None


def missed_page(query: ReportQuery, number: int) -> MissedPage:
    """Read a page, the newest first; three statements."""
    found = missed_rows(query, first=(number - 1) * SIZE, size=SIZE + 1)
    rows = found[:SIZE]
    talks = Conversation.objects.select_related("contact").in_bulk([r.conversation for r in rows])
    name_them(talks.values())
    agents = User.objects.in_bulk({row.agent for row in rows} - {None})
    lines = tuple(
        MissedLine(
            row, talks[row.conversation], InboxChannel(row.channel).label, Team(row.team).label,
            str(agents.get(row.agent or 0, "Nobody")), _late(row),
        )
        for row in rows
    )  # fmt: skip
    earlier = number - 1 if number > 1 else None
    return MissedPage(lines, earlier, number + 1 if len(found) > SIZE else None)


def _late(row: Missed) -> str:
    if row.answered_at is None:
        return "not answered"
    return f"{lasted((row.answered_at - row.due_at).total_seconds() / 60)} late"
