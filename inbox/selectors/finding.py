"""Conversations by the words in them: messages, subjects, notes, and the names of people.

What few wrote is looked up in the index of words, and its conversations are few. What thousands
wrote is looked for on the way down the list instead: the page is soon full. Which of both it is,
the database's statistics of words say, without looking.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet

from inbox.models import Conversation, CustomerResponse, InternalNote
from outreach.selectors.message_log import people_named
from workspaces.models import Workspace
from workspaces.search import narrow, prefix_query, words_of

#: The words of their indexes, as those are written there.
MESSAGE_WORDS: Final = words_of("sender_name", "sender_address", "subject", "text")
SUBJECT_WORDS: Final = words_of("subject")
NOTE_WORDS: Final = words_of("text")
#: The same words, read from the rows themselves: their index would be asked for all of them.
_READ: Final = Func(MESSAGE_WORDS, function="strip", output_field=SearchVectorField())
#: Messages beyond which words are common: from there on the list has them sooner than their index.
MANY: Final = 20_000
#: Conversations that are known by their notes, subjects or people alone; more are not looked at.
_MOST_BESIDE: Final = 50_000
#: Or, of smaller numbers, a message in so many.
_LEAST_MANY: Final = 1_000
_ONE_IN: Final = 150
#: Conversations of the list that are looked into at once: most pages are full after the first.
_AT_ONCE: Final = (300, 1_000)


@dataclass(frozen=True)
class Search:
    """What was typed, and who is meant by it."""

    workspace: Workspace
    text: str

    def _messages(self) -> QuerySet[CustomerResponse]:
        rows = CustomerResponse.objects.filter(workspace=self.workspace)
        return narrow(rows, MESSAGE_WORDS, self.text)

    def _beside(self) -> list[QuerySet[Any, Any]]:
        """Conversations by what stands beside the messages; few hold any of it."""
        notes = InternalNote.objects.filter(workspace=self.workspace)
        own = Conversation.objects.filter(workspace=self.workspace)
        people = own.filter(contact__in=people_named(self.workspace, self.text))
        return [
            narrow(notes, NOTE_WORDS, self.text).annotate(of=F("conversation")).values_list("of"),
            narrow(own, SUBJECT_WORDS, self.text).annotate(of=F("pk")).values_list("of"),
            people.annotate(of=F("pk")).values_list("of"),
        ]

    @cached_property
    def is_common(self) -> bool:
        """Whether so many wrote it that the list is read instead of the index."""
        said = _expected(self._messages().values_list("pk"))
        if said > MANY or said <= _LEAST_MANY:
            return said > MANY
        written = CustomerResponse.objects.filter(workspace=self.workspace)
        return said * _ONE_IN > _expected(written.values_list("pk"))

    def narrow(self, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Those in which each typed word begins a word."""
        said = self._messages().annotate(of=F("conversation")).values_list("of")
        parts = said.union(*self._beside(), all=True)
        return rows.filter(among(parts))

    def sift(self, ids: Iterable[int]) -> Iterator[int]:
        """Those of some conversations in which each typed word begins a word, in their order."""
        notes, subjects, people = self._beside()
        known = notes.union(subjects, people, all=True)[:_MOST_BESIDE]
        beside, waiting = {of for (of,) in known}, iter(ids)
        for size in chain(_AT_ONCE, repeat(_AT_ONCE[-1])):
            if not (batch := list(islice(waiting, size))):
                return
            yield from self._of(batch, beside)

    def _of(self, ids: list[int], beside: Collection[int]) -> Iterator[int]:
        rows = CustomerResponse.objects.filter(workspace=self.workspace, conversation__in=ids)
        said = narrow(rows, _READ, self.text).values_list("conversation", flat=True)
        found = {*said, *beside}
        return (pk for pk in ids if pk in found)


def search_of(workspace: Workspace, text: str) -> Search | None:
    """What was typed; nothing where no word was."""
    return None if prefix_query(text) is None else Search(workspace, text)


def found_by(
    rows: QuerySet[Conversation], workspace: Workspace, text: str
) -> QuerySet[Conversation]:
    """Those in which each typed word begins a word; all of them where nothing was typed."""
    search = search_of(workspace, text)
    return rows if search is None else search.narrow(rows)


def among(ids: QuerySet[Any, Any]) -> Func[Any]:
    """Condition that the key is one of those that a query gives.

    Looked up first, as an array: the planner takes thousands of them for a good part of the table,
    and would read all of it.
    """
    return Func(
        F("pk"), ArraySubquery(ids), template="%(expressions)s)", arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )  # fmt: skip


def _expected(rows: QuerySet[Any, Any]) -> int:
    """Rows that the planner expects."""
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        found = cursor.fetchone()[0]
    plan: list[dict[str, Any]] = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])
