"""Who many people are, at once: for files of contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from attribution.models import Identifier, Person
from attribution.services.identity import person_of
from workspaces.models import Workspace
from workspaces.services.locks import lock_names


@transaction.atomic
def people_of(
    *, workspace: Workspace, identifiers: Sequence[Mapping[str, str]], now: datetime
) -> list[Person]:
    """Find or make the person of each set of identifiers, in their order.

    Sets that nobody is known by are written together; where one speaks of people that are known
    already, or shares an identifier with another one, ``person_of`` decides as for a single one.
    """
    lock_names([f"identity:{workspace.pk}"])
    given = [{k: v for k, v in one.items() if v} for one in identifiers]
    pairs = [pair for one in given for pair in one.items()]
    known = _known(workspace, pairs)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for pair in pairs:
        counts[pair] += 1
    fresh = [
        place
        for place, one in enumerate(given)
        if not any(pair in known or counts[pair] > 1 for pair in one.items())
    ]
    people: dict[int, Person] = dict(
        zip(fresh, Person.objects.bulk_create(Person(workspace=workspace) for _ in fresh),
            strict=True)
    )  # fmt: skip
    Identifier.objects.bulk_create(
        Identifier(workspace=workspace, person=people[place], kind=kind, value=value,
                   first_seen_at=now)
        for place in fresh
        for kind, value in given[place].items()
    )  # fmt: skip
    for place, one in enumerate(given):
        if place not in people:
            people[place] = _one(workspace, one, known, now)
    return [people[place] for place in range(len(given))]


def _one(
    workspace: Workspace,
    given: Mapping[str, str],
    known: Mapping[tuple[str, str], Person],
    now: datetime,
) -> Person:
    found = [known.get(pair) for pair in given.items()]
    if found and found[0] is not None and all(one == found[0] for one in found):
        return found[0]
    person = person_of(workspace=workspace, identifiers=given, now=now)
    return person or Person.objects.create(workspace=workspace)


def _known(workspace: Workspace, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    asked = set(pairs)
    rows = Identifier.objects.filter(
        workspace=workspace, kind__in={kind for kind, _ in asked},
        value__in={value for _, value in asked},
    ).select_related("person")  # fmt: skip
    return {(row.kind, row.value): row.person for row in rows if (row.kind, row.value) in asked}
