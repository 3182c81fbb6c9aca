"""One search over everything: each app brings finders, and none keeps the others waiting.

A finder looks by the search of its own list, under a limit of time. What takes longer is cancelled
and says so, or is asked again in a way that finds less and sooner. Those that bring plain rows are
asked together by one statement, and each for itself where that takes too long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import IntegerField, QuerySet, Value

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
class ByRows:
    """A way to look that one statement serves along with others of its sort.

    ``rows`` are narrowed, in their order and no more than asked for; they have a ``public_id`` and
    what is ``told`` of each as JSON, from which ``hit`` makes what is shown.
    """

    rows: Callable[[Question], Sequence[QuerySet[Any, Any]]]
    hit: Callable[[UUID, dict[str, Any]], Hit]

    def __call__(self, question: Question) -> Sequence[Hit]:
        """Look by itself."""
        return look(question, [self])[0]


def look(question: Question, ways: Sequence[ByRows]) -> list[list[Hit]]:
    """Look in several ways by one statement; what each of them found."""
    parts = [(place, rows) for place, way in enumerate(ways) for rows in way.rows(question)]
    asked = [
        rows.annotate(part=Value(number, IntegerField())).values_list("part", "public_id", "told")
        for number, (_, rows) in enumerate(parts)
    ]
    found: list[list[Hit]] = [[] for _ in ways]
    for number, public_id, told in sorted(asked[0].union(*asked[1:], all=True), key=itemgetter(0)):
        place = parts[number][0]
        found[place].append(ways[place].hit(public_id, told))
    return found


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
    """Ask finders, those by rows together; groups with something in them, or without an answer."""
    asked, groups = list(asked), dict[str, Group]()
    if not question.words:
        return []
    left = [
        [finder for finder in asked if isinstance(finder.find, ByRows)],
        *([finder] for finder in asked if not isinstance(finder.find, ByRows)),
    ]
    while left:
        left = _ask(question, left, groups)
    found = [groups[finder.key] for finder in asked]
    return [group for group in found if group.hits or group.is_slow]


def _ask(
    question: Question, asked: list[list[Finder]], groups: dict[str, Group]
) -> list[list[Finder]]:
    """Ask until one question runs out of time; return those that are left then.

    One transaction serves all, because its limit of time ends with it on any pooled connection.
    """
    is_inner, place = connection.in_atomic_block, 0
    try:
        with transaction.atomic():
            before = _set_limit(f"{LIMIT_MS}ms")
            for place, some in enumerate(asked):  # noqa: B007  # read when one fails
                for finder, hits in zip(some, _hits(question, some), strict=True):
                    groups[finder.key] = _group(finder, question, hits)
            if is_inner:
                _set_limit(before)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _CANCELLED:
            raise
        return [*_again(question, asked[place], groups), *asked[place + 1 :]]
    return []


def _hits(question: Question, asked: list[Finder]) -> Sequence[Sequence[Hit]]:
    ways = [finder.find for finder in asked if isinstance(finder.find, ByRows)]
    if len(ways) > 1:
        return look(question, ways)
    return [finder.find(question) for finder in asked]


def _again(question: Question, slow: list[Finder], groups: dict[str, Group]) -> list[list[Finder]]:
    """What is asked once more: each of several for itself, one in a way that finds less."""
    if len(slow) > 1:
        return [[finder] for finder in slow]
    (finder,) = slow
    groups[finder.key] = replace(_group(finder, question, ()), is_slow=True)
    return [[replace(finder, find=finder.sooner, sooner=None)]] if finder.sooner else []


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
