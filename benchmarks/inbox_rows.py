"""An inbox as it is after years, drawn in the database: conversations, messages, readings, notes.

Most of it is closed; of what is open most is due, some people have far more to do than others,
some words stand in every tenth message and others in a handful. Drawn from hashes of numbers, so
that one run is like another. Written without triggers and with the indexes made at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.db import connection, models, transaction

from benchmarks.inbox_rows_sql import AGENTS, DRAWN, MESSAGES, TABLES
from inbox.models import Conversation
from workspaces.models import Membership, User, Workspace

SLUG: Final = "load-inbox"
#: So many conversations for each contact, on the average.
_EACH: Final = 1.5
#: Keys begin here: other parts have rows in these tables, too.
_BASE: Final = 10_000_000
#: So many at once in a database that people look at; each part has keys of its own.
PART: Final = 45_000
_STRIDE: Final = 3_000_000
_PHRASES: Final = 20_000
_WORDS: Final = 6_000
_MARKED: Final = (
    "customer", "order", "invoice", "delivery", "refund", "account", "support", "price",
)  # fmt: skip
_Index = tuple[str, str]


def phrases() -> list[str]:
    """Bits of messages: words as people use them, few of them often and most of them seldom."""
    rng = np.random.default_rng(20_261_123)
    ends = np.array(("a", "e", "i", "o", "u", "an", "er", "ing", "ed", "s", "al", "en"))
    starts = np.array(("br", "d", "f", "gr", "k", "l", "m", "n", "pl", "r", "s", "st", "t", "v"))
    size = (_WORDS, 3)
    parts = np.char.add(rng.choice(starts, size), rng.choice(ends, size))
    words = [*_MARKED, *dict.fromkeys("".join(row) for row in parts)]
    weights = 1 / (np.arange(len(words)) + 20)
    drawn = rng.choice(len(words), (_PHRASES, 7), p=weights / weights.sum())
    return [" ".join(words[place] for place in row) for row in drawn]


def fill(conversations: int, *, now: datetime) -> Workspace:
    """Make the workspace with so many conversations, in a database that holds none."""
    found = Workspace.objects.filter(slug=SLUG).first()
    if found is not None and Conversation.objects.filter(workspace=found).exists():
        return found
    started = time.monotonic()
    with transaction.atomic():
        workspace = Workspace.objects.create(slug=SLUG, name="Load inbox")
        agents = _agents(workspace)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            indexes = _take_indexes(cursor)
            _draw(cursor, workspace, agents, conversations, _BASE, now)
            _put_indexes(cursor, indexes)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    sys.stderr.write(f"{conversations:,} loaded in {time.monotonic() - started:.0f} s\n")
    return workspace


def top_up(conversations: int, *, now: datetime, part: int = PART) -> Workspace:
    """Fill the workspace part by part, each committed; what a run that was stopped left stays."""
    started = time.monotonic()
    workspace, _ = Workspace.objects.get_or_create(slug=SLUG, defaults={"name": "Load inbox"})
    agents = _agents(workspace)
    for number, first in enumerate(range(0, conversations, part)):
        base = _BASE + number * _STRIDE
        some = min(part, conversations - first)
        keys = (base + 1, base + part)
        if Conversation.objects.filter(workspace=workspace, pk__range=keys).exists():
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            _draw(cursor, workspace, agents, some, base, now)
        took_s = time.monotonic() - started
        sys.stderr.write(f"{first + some:,} of {conversations:,} conversations, {took_s:,.0f} s\n")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return workspace


def _draw(
    cursor: Any, workspace: Workspace, agents: list[int], conversations: int, base: int,
    now: datetime,
) -> None:  # fmt: skip
    """Write so many conversations, with all that belongs to them, from a key on."""
    given = {
        "ws": workspace.pk, "now": now, "conversations": conversations,
        "contacts": max(1, round(conversations / _EACH)), "agents": agents,
        "phrases": phrases(), "phrase_count": _PHRASES, "base": base,
    }  # fmt: skip
    cursor.execute("SET LOCAL synchronous_commit = off")
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute("SET LOCAL work_mem = '256MB'")
    for statement in (DRAWN, MESSAGES):
        cursor.execute(statement, given)
    for model, columns, source in TABLES:
        insert(cursor, model, columns, source, given)
    cursor.execute("SET LOCAL session_replication_role = origin")
    cursor.execute("DROP TABLE drawn_conversation, drawn_message, drawn_phrase")


def _agents(workspace: Workspace) -> list[int]:
    known = User.objects.filter(memberships__workspace=workspace, memberships__role="agent")
    if known.exists():
        return list(known.order_by("pk").values_list("pk", flat=True))
    people = User.objects.bulk_create(
        User(email=f"agent{number}@{workspace.slug}.example", first_name=f"Agent {number}")
        for number in range(1, AGENTS + 1)
    )
    Membership.objects.bulk_create(
        Membership(workspace=workspace, user=person, role="agent") for person in people
    )
    return [person.pk for person in people]


def insert(
    cursor: Any, model: type[models.Model], columns: Mapping[str, str], source: str,
    given: Mapping[str, Any],
) -> None:  # fmt: skip
    """Fill a table; a column that is not named gets what the model says of new rows."""
    started = time.monotonic()
    fields = _stored(model, columns)
    values = {field.column: _value(field, columns) for field in fields}
    own = {
        f"d_{field.column}": field.get_db_prep_save(_default(field), connection)
        for field in fields
        if field.column not in columns
    }
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"
        f" FROM {source}",
        {**own, **given},
    )
    told = f"{table}: {cursor.rowcount:,} rows in {time.monotonic() - started:.0f} s\n"
    sys.stderr.write(told)
    if "id" in columns:
        last = f"(SELECT max(id) FROM {table})"
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")


def _stored(model: type[models.Model], columns: Mapping[str, str]) -> list[Any]:
    """Fields to write: neither what the database computes nor a key that it counts itself."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.column in columns
        or not (field.generated or isinstance(field, models.AutoField) or _is_own_default(field))
    ]


def _is_own_default(field: models.Field[Any, Any]) -> bool:
    """Whether the database alone knows what a new row has."""
    return field.has_db_default() and not field.has_default()


def _default(field: models.Field[Any, Any]) -> Any:
    default = field.get_default()
    return "" if default is None and not field.null and field.empty_strings_allowed else default


def _value(field: models.Field[Any, Any], columns: Mapping[str, str]) -> str:
    if field.column in columns:
        return columns[field.column]
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return "%(now)s::timestamptz"
    if field.column == "public_id":
        return "gen_random_uuid()"
    return f"%(d_{field.column})s::{field.db_type(connection)}"


def _take_indexes(cursor: Any) -> list[_Index]:
    """Drop the indexes that no constraint needs; returns what makes them again."""
    tables = sorted({model._meta.db_table for model, _, _ in TABLES})
    cursor.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i"
        " JOIN pg_class k ON k.relname = i.indexname"
        " JOIN pg_index x ON x.indexrelid = k.oid"
        " WHERE i.tablename = ANY(%s) AND NOT x.indisunique",
        [tables],
    )
    found: list[_Index] = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return found


def _put_indexes(cursor: Any, indexes: Sequence[_Index]) -> None:
    started = time.monotonic()
    for _, definition in indexes:
        cursor.execute(definition)
    sys.stderr.write(f"{len(indexes)} indexes in {time.monotonic() - started:.0f} s\n")
