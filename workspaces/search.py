"""Search by the beginnings of words, over one index of PostgreSQL's own ``simple`` text search."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, Value

M = TypeVar("M", bound=Model)

# What the text parser would read as part of an address, a path, a version or a sign. Without them
# "meta:act_7/x.y" is five words, and a person finds it by any of them.
_JOINTS = "&+-./:<=>?@_~"
_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 12
# More rows than that are not put in order for a few of them.
_MOST_SORTED = 2_000


def words_of(*fields: str) -> SearchVector:
    """Words of some text columns, for an index and for the filter that uses it."""
    apart = (
        Func(
            F(field),
            Value(_JOINTS),
            Value(" " * len(_JOINTS)),
            function="translate",
            output_field=TextField(),
        )
        for field in fields
    )
    return SearchVector(*apart, config="simple")


def typed_words(text: str) -> list[str]:
    """The words of what a person typed: letters and digits of any script."""
    return _WORD.findall(text.replace("\x00", " "))[:_MOST_WORDS]


def prefix_query(text: str) -> SearchQuery | None:
    """What a person typed, as words that all must begin so; ``None`` where there is no word.

    Only letters and digits of any script are kept, so nothing in it is an operator.
    """
    words = typed_words(text)
    if not words:
        return None
    raw = " & ".join(f"'{word}':*" for word in words)
    return SearchQuery(raw, config="simple", search_type="raw")


def narrow(rows: QuerySet[M], vector: Func[Any], text: str) -> QuerySet[M]:
    """Rows in which every typed word begins a word; all of them where nothing was typed."""
    query = prefix_query(text)
    if query is None:
        return rows
    found = rows.alias(found_words=vector).filter(found_words=query)
    return cast("QuerySet[M]", found)


def newest_of(rows: QuerySet[M], most: int) -> QuerySet[M]:
    """The newest of what was found; of very much, the newest of some.

    To look for the newest of all that have a common word would read through all of them.
    """
    return rows.model._default_manager.filter(some_of(rows)).order_by("-pk")[:most]


def some_of(rows: QuerySet[Any]) -> Func[Any]:
    """Those of rows that are found first, as many as are put in order."""
    return among(rows.order_by().values("pk")[:_MOST_SORTED])


def among(ids: QuerySet[Any, Any], key: str = "pk") -> Func[Any]:
    """Condition that the key, or another, is one of those that a query gives.

    Looked up first, as an array: the planner takes thousands of them for a good part of the table,
    and would read all of it, or walk through all of it in their order.
    """
    return Func(
        F(key), ArraySubquery(ids), template="%(expressions)s)", arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )  # fmt: skip


def with_words(rows: QuerySet[M], words: Iterable[str], *fields: str) -> QuerySet[M]:
    """Rows that hold each word somewhere in these columns: for tables without an index of words."""
    for word in words:
        rows = rows.filter(Q(*((f"{one}__icontains", word) for one in fields), _connector=Q.OR))
    return rows
