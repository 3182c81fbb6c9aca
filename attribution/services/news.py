"""Who else is told of visitors and people with news, in the transaction that makes the news.

So what is told is committed with what it tells of, and whoever reads it later finds both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from workspaces.models import Workspace


@dataclass(frozen=True)
class PeopleNews:
    """People of whom a conversion came in, or who are others than they were.

    Who they are today is to be asked when the news is read, not when it is told: a merge may be
    under way beside it. ``since`` is the earliest moment that anything changed at.
    """

    workspace_id: int
    people: Collection[int]
    since: datetime


class Keeper(Protocol):
    """Somebody who keeps something of people under the names that browsers and systems gave."""

    def erase(
        self, *, workspace_id: int, people: Collection[int], now: datetime
    ) -> Mapping[str, int]:
        """Forget it, while identifiers still stand; how many rows of each kind.

        Raises
        ------
        GateError : it cannot be forgotten at this moment
        """

    def export(self, *, people: Collection[int]) -> Mapping[str, list[dict[str, Any]]]:
        """All of it."""


# Called while the sessioniser's ``web_todo`` (site_id, visitor_key, since) names the visitors.
VisitorListener = Callable[[Any, Workspace], None]
PeopleListener = Callable[[PeopleNews], None]

_visitor_listeners: list[VisitorListener] = []
_people_listeners: list[PeopleListener] = []
_keepers: list[Keeper] = []


def on_visitor_news(listener: VisitorListener) -> None:
    """Call ``listener(cursor, workspace)`` for each chunk of visitors with new events.

    Registered once, in ``ready()``, as the others here. A listener may write, set-based, and must
    not call outside.
    """
    if listener not in _visitor_listeners:
        _visitor_listeners.append(listener)


def on_people_news(listener: PeopleListener) -> None:
    """Call ``listener(news)`` for each conversion of somebody known, each merge and its undoing."""
    if listener not in _people_listeners:
        _people_listeners.append(listener)


def register_keeper(keeper: Keeper) -> None:
    """Let somebody be asked when a person is erased or exported."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def tell_visitor_news(cursor: Any, workspace: Workspace) -> None:
    """Tell of the visitors in ``web_todo``."""
    for listener in _visitor_listeners:
        listener(cursor, workspace)


def tell_people_news(*, workspace_id: int, people: Collection[int], since: datetime) -> None:
    """Tell of people; of nobody, nothing."""
    if not people:
        return
    news = PeopleNews(workspace_id, frozenset(people), since)
    for listener in _people_listeners:
        listener(news)


def keepers() -> tuple[Keeper, ...]:
    """Whoever keeps something of people beside attribution itself.

    The last to come is asked first: its rows stand on those of the apps below it, and are found by
    them.
    """
    return tuple(reversed(_keepers))
