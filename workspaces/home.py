"""What higher apps bring to the home page in ``ready()``: figures that count, and cards.

Figures of all apps are counted by one query. A card is asked for once the page stands, so that
what takes long keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet

from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role

#: Parts of the page that figures stand in.
WAITS: Final = "waits"
CHANGED: Final = "changed"
HEALTH: Final = "health"


@dataclass(frozen=True)
class Asked:
    """Who looks at the page, and when; ``rank`` is what he holds now, own or lent."""

    membership: Membership
    rank: int
    now: datetime

    @property
    def workspace(self) -> Workspace:
        """Whose page it is."""
        return self.membership.workspace

    @property
    def user(self) -> User:
        """The person."""
        return self.membership.user

    @cached_property
    def since(self) -> datetime:
        """Beginning of yesterday where the workspace is."""
        zone = self.workspace.zone
        yesterday = self.now.astimezone(zone).date() - timedelta(days=1)
        return datetime.combine(yesterday, time.min, zone)

    def has(self, role: Role) -> bool:
        """Whether the person holds a role."""
        return self.rank >= role.rank


@dataclass(frozen=True)
class Figure:
    """How many rows there are of something; none of them, no line.

    ``words`` follow the number, of one and of several. ``url_name`` and ``query`` are the page
    that lists them.
    """

    key: str
    part: str
    words: tuple[str, str]
    url_name: str
    rows: Callable[[Asked], QuerySet[Any, Any]]
    query: str = ""
    role: Role = Role.VIEWER
    is_bad: bool = False
    position: int = 50


@dataclass(frozen=True)
class Card:
    """A part of the page that is asked for once the page stands."""

    key: str
    title: str
    url_name: str  # the page that says more, for whom the card does not come
    template: str
    context: Callable[[Asked], dict[str, Any]]
    role: Role = Role.VIEWER
    position: int = 50


_figures: dict[str, Figure] = {}
_cards: dict[str, Card] = {}
_topics: dict[str, None] = {}


def register_figures(figures: Iterable[Figure]) -> None:
    """Count more. Called while the apps are loaded."""
    _figures.update((figure.key, figure) for figure in figures)


def register_card(card: Card) -> None:
    """Show another card. Called while the apps are loaded."""
    _cards[card.key] = card


def register_topics(*topics: str) -> None:
    """Draw the page anew when one of these live counters moves."""
    _topics.update(dict.fromkeys(topics))


def figures_for(asked: Asked) -> list[Figure]:
    """Figures that a person may see, in their order."""
    seen = (figure for figure in _figures.values() if asked.has(figure.role))
    return sorted(seen, key=lambda figure: (figure.position, figure.key))


def cards_for(asked: Asked) -> list[Card]:
    """Cards that a person may see, in their order."""
    seen = (card for card in _cards.values() if asked.has(card.role))
    return sorted(seen, key=lambda card: (card.position, card.key))


def topics() -> list[str]:
    """Live counters that the page hangs on."""
    return list(_topics)
