"""One search over everything: each app brings finders, and none keeps the others waiting.

A finder looks by the search of its own list, under a limit of time. What takes longer is cancelled
and says so, or is asked again in a way that finds less and sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db import OperationalError, connection, transaction

from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.search import typed_words

#: Of each group so many are shown.
SHOWN: Final = 5
#: Milliseconds that one question to the database may take.
LIMIT_MS: Final = 250
LONGEST: Final = 120
_CANCELLED: Final = "57014"


@dataclass(frozen=True)
class Hit:
    """Something that was found; ``id`` is its public id."""

    id: str
    title: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Question:
    """Whom and what for; one more than is shown tells whether there are more."""

    workspace: Workspace
    text: str
    most: int = SHOWN + 1

    @property
    def words(self) -> list[str]:
        """Its words."""
        return typed_words(self.text)


Find = Callable[[Question], Sequence[Hit]]


@dataclass(frozen=True)
class Finder:
    """A kind of thing that can be found.

    ``scope`` is what a key needs to read it, ``role`` what a person does. ``all_url`` is the list
    that shows all of them; ``sooner`` finds less where ``find`` ran out of time.
    """

    key: str
    label: str
    scope: str
    find: Find
    all_url: Callable[[str], str]
    role: Role = Role.VIEWER
    sooner: Find | None = None
    position: int = 50


@dataclass(frozen=True)
class Group:
    """What was found of a kind."""

    key: str
    label: str
    hits: Sequence[Hit]
    has_more: bool
    all_url: str
    is_slow: bool = False


_finders: dict[str, Finder] = {}


def register_finders(finders: Iterable[Finder]) -> None:
    """Let more be found. Called while the apps are loaded."""
    _finders.update((finder.key, finder) for finder in finders)


def finders() -> list[Finder]:
    """All of them, in the order of the page."""
    return sorted(_finders.values(), key=lambda finder: (finder.position, finder.key))


def clean(text: str) -> str:
    """What a person typed, as finders take it."""
    return text.replace("\x00", "").strip()[:LONGEST]


def search(question: Question, asked: Iterable[Finder]) -> list[Group]:
    """Ask finders one after the other; groups with something in them, or without an answer."""
    left, groups = list(asked), dict[str, Group]()
    if not question.words:
        return []
    while left:
        left = _ask(question, left, groups)
    return [group for group in groups.values() if group.hits or group.is_slow]


def _ask(question: Question, asked: list[Finder], groups: dict[str, Group]) -> list[Finder]:
    """Ask until one runs out of time; return those that are left then.

    One transaction serves all, because its limit of time ends with it on any pooled connection.
    """
    is_inner, place = connection.in_atomic_block, 0
    try:
        with transaction.atomic():
            before = _set_limit(f"{LIMIT_MS}ms")
            for place, finder in enumerate(asked):  # noqa: B007  # read when one fails
                groups[finder.key] = _group(finder, question, finder.find(question))
            if is_inner:
                _set_limit(before)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _CANCELLED:
            raise
        slow = asked[place]
        groups[slow.key] = replace(_group(slow, question, ()), is_slow=True)
        again = [replace(slow, find=slow.sooner, sooner=None)] if slow.sooner else []
        return [*again, *asked[place + 1 :]]
    return []


def _group(finder: Finder, question: Question, hits: Sequence[Hit]) -> Group:
    url = finder.all_url(question.text)
    return Group(finder.key, finder.label, hits[:SHOWN], len(hits) > SHOWN, url)


def _set_limit(limit: str) -> str:
    """Limit each statement of the transaction; returns the limit that held before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'),"
            " set_config('statement_timeout', %s, true)",
            [limit],
        )
        return str(cursor.fetchone()[0])
