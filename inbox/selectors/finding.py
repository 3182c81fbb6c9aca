"""Conversations by the words in them: messages, subjects, notes, and the names of people.

What few wrote is looked up in the index of words, and its conversations are few. What thousands
wrote is looked for on the way down the list instead: the page is soon full. Which of both it is,
the database's statistics of words say, without looking.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat
from typing import Any, Final, TypeVar

from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import F, Func, Model, Q, QuerySet

from inbox.models import Conversation, CustomerResponse, InternalNote
from outreach.selectors.message_log import people_named
from workspaces.models import Workspace
from workspaces.search import among, narrow, prefix_query, typed_words, words_of

_Row = TypeVar("_Row", bound=Model)
_WRITTEN_IN: Final = ("sender_name", "sender_address", "subject", "text")
#: The words of their indexes, as those are written there.
MESSAGE_WORDS: Final = words_of(*_WRITTEN_IN)
SUBJECT_WORDS: Final = words_of("subject")
NOTE_WORDS: Final = words_of("text")
#: Messages beyond which words are common: from there on the list has them sooner than their index.
MANY: Final = 20_000
#: Conversations that are known by their people alone; more are not looked at.
_MOST_BESIDE: Final = 50_000
#: Or, of smaller numbers, a message in so many.
_LEAST_MANY: Final = 1_000
_ONE_IN: Final = 150
#: Conversations of the list that are looked into at once: most pages are full after the first.
_AT_ONCE: Final = (700, 1_000)


@dataclass(frozen=True)
class Search:
    """What was typed, and who is meant by it."""

    workspace: Workspace
    text: str

    def _messages(self) -> QuerySet[CustomerResponse]:
        rows = CustomerResponse.objects.filter(workspace=self.workspace)
        return narrow(rows, MESSAGE_WORDS, self.text)

    def _notes(self) -> QuerySet[InternalNote]:
        return narrow(InternalNote.objects.filter(workspace=self.workspace), NOTE_WORDS, self.text)

    def _people(self) -> QuerySet[Any, Any]:
        own = Conversation.objects.filter(workspace=self.workspace)
        people = own.filter(contact__in=people_named(self.workspace, self.text))
        return people.annotate(of=F("pk")).values_list("of")

    @cached_property
    def is_common(self) -> bool:
        """Whether so many wrote it that the list is read instead of the index."""
        noted = self._notes().values_list("pk")
        said = expected(self._messages().values_list("pk").union(noted, all=True))
        if said > MANY or said <= _LEAST_MANY:
            return said > MANY
        written = CustomerResponse.objects.filter(workspace=self.workspace)
        return said * _ONE_IN > expected(written.values_list("pk"))

    def narrow(self, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Those in which each typed word begins a word."""
        said = self._messages().annotate(of=F("conversation")).values_list("of")
        noted = self._notes().annotate(of=F("conversation")).values_list("of")
        own = Conversation.objects.filter(workspace=self.workspace)
        named = narrow(own, SUBJECT_WORDS, self.text).annotate(of=F("pk")).values_list("of")
        return rows.filter(among(said.union(noted, named, self._people(), all=True)))

    def sift(self, ids: Iterable[int]) -> Iterator[int]:
        """Those of some conversations in which each typed word begins a word, in their order."""
        beside, waiting = {of for (of,) in self._people()[:_MOST_BESIDE]}, iter(ids)
        for size in chain(_AT_ONCE, repeat(_AT_ONCE[-1])):
            if not (batch := list(islice(waiting, size))):
                return
            yield from self._of(batch, beside)

    def _of(self, ids: list[int], beside: Collection[int]) -> Iterator[int]:
        said = CustomerResponse.objects.filter(workspace=self.workspace, conversation__in=ids)
        noted = InternalNote.objects.filter(workspace=self.workspace, conversation__in=ids)
        own = Conversation.objects.filter(workspace=self.workspace, pk__in=ids)
        parts = [
            _reading(said, MESSAGE_WORDS, _WRITTEN_IN, self.text).annotate(of=F("conversation")),
            _reading(noted, NOTE_WORDS, ("text",), self.text).annotate(of=F("conversation")),
            _reading(own, SUBJECT_WORDS, ("subject",), self.text).annotate(of=F("pk")),
        ]
        first, *more = [part.values_list("of") for part in parts]
        found = {*(of for (of,) in first.union(*more, all=True)), *beside}
        return (pk for pk in ids if pk in found)


def _reading(
    rows: QuerySet[_Row], words: Func[Any], fields: Sequence[str], text: str
) -> QuerySet[_Row]:
    """Rows with these words, read from the rows: their index would be asked for all it knows.

    Most are told apart by their letters, which costs far less than to take words out of a text.
    """
    for word in typed_words(text):
        if word.isascii():
            rows = rows.filter(Q(*((f"{one}__icontains", word) for one in fields), _connector=Q.OR))
    read = Func(words, function="strip", output_field=SearchVectorField())
    return narrow(rows, read, text)


def search_of(workspace: Workspace, text: str) -> Search | None:
    """What was typed; nothing where no word was."""
    return None if prefix_query(text) is None else Search(workspace, text)


def found_by(
    rows: QuerySet[Conversation], workspace: Workspace, text: str
) -> QuerySet[Conversation]:
    """Those in which each typed word begins a word; all of them where nothing was typed."""
    search = search_of(workspace, text)
    return rows if search is None else search.narrow(rows)


def expected(rows: QuerySet[Any, Any]) -> int:
    """Rows that the planner expects."""
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        found = cursor.fetchone()[0]
    plan: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])
