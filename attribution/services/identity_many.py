"""Who many people are, at once: for files of contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from attribution.models import Identifier, Person
from attribution.services.identity import person_of
from workspaces.copying import copy_rows, next_keys
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

_KNOWN: Final = """
SELECT kind, value, person_id FROM attribution_identifier
 WHERE workspace_id = %s AND kind = ANY(%s) AND value = ANY(%s)"""


@transaction.atomic
def people_of(
    *, workspace: Workspace, identifiers: Sequence[Mapping[str, str]], now: datetime
) -> list[int]:
    """Find or make the person of each set of identifiers; their keys, in that order.

    Sets that nobody is known by are written together; where one speaks of people that are known
    already, or shares an identifier with another one, ``person_of`` decides as for a single one.
    """
    lock_names([f"identity:{workspace.pk}"])
    given = [{k: v for k, v in one.items() if v} for one in identifiers]
    pairs = [pair for one in given for pair in one.items()]
    known = _known(workspace, pairs)
    counts = Counter(pairs)
    fresh = [
        place
        for place, one in enumerate(given)
        if not any(pair in known or counts[pair] > 1 for pair in one.items())
    ]
    people = dict(zip(fresh, next_keys(Person, len(fresh)), strict=True))
    copy_rows(
        Person, ("id", "public_id", "workspace_id", "created_at"),
        ((key, uuid7(), workspace.pk, now) for key in people.values()),
    )  # fmt: skip
    copy_rows(
        Identifier, ("workspace_id", "person_id", "kind", "value", "first_seen_at"),
        ((workspace.pk, key, kind, value, now)
         for place, key in people.items() for kind, value in given[place].items()),
    )  # fmt: skip
    for place, one in enumerate(given):
        if place not in people:
            people[place] = _one(workspace, one, known, now)
    return [people[place] for place in range(len(given))]


def _one(
    workspace: Workspace,
    given: Mapping[str, str],
    known: Mapping[tuple[str, str], int],
    now: datetime,
) -> int:
    found = {known.get(pair) for pair in given.items()}
    if len(found) == 1 and (only := found.pop()) is not None:
        return only
    person = person_of(workspace=workspace, identifiers=given, now=now)
    return (person or Person.objects.create(workspace=workspace)).pk


def _known(workspace: Workspace, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    asked = set(pairs)
    if not asked:
        return {}
    with connection.cursor() as cursor:
        # Thousands of values: as two arrays, not as so many parameters.
        cursor.execute(
            _KNOWN,
            [workspace.pk, list({kind for kind, _ in asked}), list({value for _, value in asked})],
        )
        return {(kind, value): person for kind, value, person in cursor.fetchall()
                if (kind, value) in asked}  # fmt: skip
