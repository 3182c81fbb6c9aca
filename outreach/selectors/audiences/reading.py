"""Who belongs to an audience: counted, previewed, listed; always as the rows are now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from attribution.models import FunnelDefinition
from experiments.models import ABTest
from outreach.engine.audience_rules import (
    Dropped,
    Group,
    InVariant,
    Member,
    Rule,
    RulesError,
    parse,
)
from outreach.engine.audience_words import words
from outreach.models import Audience, AudienceKind, Contact
from outreach.selectors.audiences.conditions import Compiler
from workspaces.models import Workspace

PREVIEW: Final = 20
# Sets of ids of millions of people in memory, or the database compares them one by one. What is
# asked at every change of a rule is in memory too: indexes that hold the answer are read, not
# tables.
_SETTINGS: Final = ("work_mem TO '256MB'", "random_page_cost TO 1.1", "jit TO off")
#: For whatever else a transaction reads.
AS_EVER: Final = "; ".join(f"SET LOCAL {one.split()[0]} TO DEFAULT" for one in _SETTINGS)


@dataclass(frozen=True)
class Query:
    """SQL that selects ``id`` of the contacts, and its parameters."""

    sql: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Preview:
    """How many belong to it, some of them, and the rules as a sentence."""

    count: int
    contacts: list[Contact]
    words: str


def query_of(audience: Audience, now: datetime) -> Query:
    """Everybody who belongs to an audience now, archived contacts never.

    Raises
    ------
    RulesError : its rules speak of something that is not there any more
    """
    if audience.kind == AudienceKind.LIST:
        return Query(
            "SELECT c.id FROM outreach_contact c JOIN outreach_audiencemember l"
            " ON l.contact_id = c.id AND l.audience_id = %(audience)s"
            " WHERE c.workspace_id = %(workspace)s AND c.archived_at IS NULL",
            {"workspace": audience.workspace_id, "audience": audience.pk},
        )
    return query_of_rules(audience.workspace, parse(audience.rules), now)


def query_of_rules(workspace: Workspace, rules: Group, now: datetime) -> Query:
    """Everybody for whom rules hold; one query, whatever they are.

    Raises
    ------
    RulesError : they name a funnel, test or list that this workspace has not
    """
    compiler = Compiler(workspace.pk, now, _keys(workspace, rules))
    condition = compiler.condition(rules)
    sql = (
        "SELECT c.id FROM outreach_contact c"  # noqa: S608  # our own texts, values apart
        f" WHERE c.workspace_id = %(workspace)s AND c.archived_at IS NULL AND ({condition})"
    )
    return Query(sql, compiler.params)


def count_of(query: Query) -> int:
    """How many contacts a query finds."""
    with sets_in_memory() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({query.sql}) found", query.params)  # noqa: S608
        return int(cursor.fetchone()[0])


def preview_of(workspace: Workspace, rules: Group, now: datetime) -> Preview:
    """Count and the first people of rules that need not be saved.

    Raises
    ------
    RulesError : they name what this workspace has not
    """
    query = query_of_rules(workspace, rules, now)
    return Preview(*people_of(workspace, query), in_words(workspace, rules))


def people_of(workspace: Workspace, query: Query, size: int = PREVIEW) -> tuple[int, list[Contact]]:
    """Count them and return some, the newest first, with their addresses."""
    with sets_in_memory() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM ({query.sql}) found),"  # noqa: S608
            f" ARRAY(SELECT id FROM ({query.sql}) found ORDER BY id DESC LIMIT %(size)s)",
            {**query.params, "size": size},
        )
        count, found = cursor.fetchone()
    contacts = Contact.objects.filter(workspace=workspace, pk__in=found)
    return count, list(contacts.prefetch_related("points").order_by("-pk"))


def ids_of(query: Query) -> npt.NDArray[np.int64]:
    """All of them, rising."""
    with sets_in_memory() as cursor:
        cursor.execute(
            f"SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM ({query.sql}) found",  # noqa: S608
            query.params,
        )
        return np.array(cursor.fetchone()[0], dtype=np.int64)


def digest_of(ids: npt.NDArray[np.int64]) -> str:
    """Name of exactly these members: the same ones give the same one."""
    return hashlib.sha256(np.ascontiguousarray(np.sort(ids)).tobytes()).hexdigest()


def in_words(workspace: Workspace, rules: Group) -> str:
    """Rules as a sentence, with the names of what they speak of."""
    return words(rules, _names(workspace, rules))


@contextmanager
def sets_in_memory() -> Iterator[Any]:
    """Hand out a cursor that queries of audiences are to be asked by; no other can afford them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {one}" for one in _SETTINGS))
        yield cursor


def _leaves(rule: Rule) -> Iterator[Rule]:
    if isinstance(rule, Group):
        for one in rule.rules:
            yield from _leaves(one)
    else:
        yield rule


def _named(rules: Group) -> tuple[list[Dropped], list[InVariant], list[Member]]:
    leaves = list(_leaves(rules))
    return (
        [one for one in leaves if isinstance(one, Dropped)],
        [one for one in leaves if isinstance(one, InVariant)],
        [one for one in leaves if isinstance(one, Member)],
    )


def _keys(workspace: Workspace, rules: Group) -> dict[UUID, int]:
    funnels, tests, lists = _named(rules)
    keys: dict[UUID, int] = {}
    for leaves, name, rows in (
        (funnels, "funnel", FunnelDefinition.objects.filter(workspace=workspace)),
        (tests, "test", ABTest.objects.filter(workspace=workspace)),
        (lists, "audience",
         Audience.objects.filter(workspace=workspace, kind=AudienceKind.LIST)),
    ):  # fmt: skip
        asked = {getattr(one, name): one for one in leaves}
        if not asked:
            continue
        found = dict(rows.filter(public_id__in=asked).values_list("public_id", "pk"))
        for public_id, leaf in asked.items():
            if public_id not in found:
                what = "fixed list" if name == "audience" else name
                raise RulesError(f"{leaf.path}.{name}", f"There is no such {what} here.")
        keys |= found
    return keys


def _names(workspace: Workspace, rules: Group) -> dict[UUID, str]:
    funnels, tests, lists = _named(rules)
    names: dict[UUID, str] = {}
    for rows, asked in (
        (FunnelDefinition.objects, [one.funnel for one in funnels]),
        (ABTest.objects, [one.test for one in tests]),
        (Audience.objects, [one.audience for one in lists]),
    ):
        if asked:
            names |= _named_rows(rows.filter(workspace=workspace, public_id__in=asked))
    return names


def _named_rows(rows: Any) -> Iterable[tuple[UUID, str]]:
    return list(rows.values_list("public_id", "name"))
