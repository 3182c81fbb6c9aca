"""Search by the beginnings of words, over one index of PostgreSQL's own ``simple`` text search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorExact
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, Value

from workspaces.common_words import apart, are_rare

M = TypeVar("M", bound=Model)

# What the text parser would read as part of an address, a path, a version or a sign. Without them
# "meta:act_7/x.y" is five words, and a person finds it by any of them.
_JOINTS = "&+-./:<=>?@_~"
_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 12
# More rows than that are not put in order for a few of them.
_MOST_SORTED = 1_000
# A limit that none reaches: with one, PostgreSQL puts off what costs much until rows are in order.
_ALL = 1_000_000_000


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
    return _query(words) if words else None


def _query(words: Sequence[str]) -> SearchQuery:
    raw = " & ".join(f"'{word}':*" for word in words)
    return SearchQuery(raw, config="simple", search_type="raw")


def narrow(rows: QuerySet[M], vector: Func[Any], text: str, *, index: str = "") -> QuerySet[M]:
    """Rows in which every typed word begins a word; all of them where nothing was typed.

    ``index`` names that of these words, where it is not the model's own.
    """
    rare, common = apart(index or _index_of(rows.model, vector), typed_words(text))
    found = _looked_up(rows, vector, rare)
    return found.filter(_holds(vector, common)) if common else found


def narrow_in_order(
    rows: QuerySet[M], vector: Func[Any], text: str
) -> tuple[QuerySet[M], Func[Any] | None]:
    """The same in two steps: rows, and what the first of them in order have yet to fulfil.

    Few rows are soon put in order, and most of them hold what is common: only as many are looked at
    for it as are shown.
    """
    index = _index_of(rows.model, vector)
    rare, common = apart(index, typed_words(text))
    if common and are_rare(index, rare):
        return _looked_up(rows, vector, rare), _holds(vector, common)
    return narrow(rows, vector, text), None


def first_keys(rows: QuerySet[Any], fits: Func[Any] | None, most: int) -> list[int]:
    """Keys of the first rows in their order that also fulfil a condition."""
    if fits is None:
        return list(rows.values_list("pk", flat=True)[:most])
    looked_at = rows.annotate(fits_words=fits).values_list("pk", "fits_words")[:_ALL]
    sql, values = looked_at.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pk FROM ({sql}) AS found WHERE fits_words LIMIT %s",  # noqa: S608  # the ORM's
            [*values, most],
        )
        return [key for (key,) in cursor.fetchall()]


def _index_of(model: type[Model], vector: Func[Any]) -> str:
    named = (one.name for one in model._meta.indexes if vector in one.expressions)
    return next(named, "")


def _looked_up(rows: QuerySet[M], vector: Func[Any], words: Sequence[str]) -> QuerySet[M]:
    if not words:
        return rows
    return cast("QuerySet[M]", rows.alias(found_words=vector).filter(found_words=_query(words)))


def _holds(vector: Func[Any], words: Sequence[str]) -> Func[Any]:
    """The condition in a form for which no index is asked, and whose rows the planner can guess."""
    return Func(
        SearchVectorExact(vector, _query(words)), template="(%(expressions)s) IS TRUE",
        output_field=BooleanField(),
    )  # fmt: skip


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
