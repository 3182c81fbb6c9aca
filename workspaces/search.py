"""Search by the beginnings of words, over one index of PostgreSQL's own ``simple`` text search."""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Func, Model, QuerySet, TextField, Value

M = TypeVar("M", bound=Model)

# What the text parser would read as part of an address, a path, a version or a sign. Without them
# "meta:act_7/x.y" is five words, and a person finds it by any of them.
_JOINTS = "&+-./:<=>?@_~"
_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 12


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
