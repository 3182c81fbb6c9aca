"""Who is who: people by identifiers, merges that say why and can be undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from django.db import transaction

from attribution.models import Identifier, IdentifierKind, IdentityMerge, Person
from attribution.services.news import tell_people_news
from workspaces.models import User, Workspace
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError

_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
_SUREST = {kind: place for place, kind in enumerate(IdentifierKind.values)}


class IdentityError(RefusedError):
    """These people cannot be merged or parted."""


@transaction.atomic
def person_of(
    *, workspace: Workspace, identifiers: Mapping[str, str], now: datetime
) -> Person | None:
    """Find or make the person known by these identifiers; ``None`` without any.

    Identifiers that came together belong together: people who shared none until now are merged,
    unless that would make one of two user ids. Then they are people who share a device or
    an address, and the surest identifier says who it is.
    """
    given = {kind: value for kind, value in identifiers.items() if value}
    if not given:
        return None
    known = _known(workspace, given)
    if len(known) == len(given) and len({_root(person) for person in known.values()}) == 1:
        return _surest(known)
    # One at a time for the whole graph of a workspace: merges may meet anywhere in it.
    lock_names([f"identity:{workspace.pk}"])
    known = _known(workspace, given)
    person = _surest(known) if known else Person.objects.create(workspace=workspace)
    _remember(person, {k: v for k, v in given.items() if k not in known}, now)
    if known:
        _tell(person.workspace_id, {person.pk})
    for other in known.values():
        other.refresh_from_db()
        if _root(other) != _root(person) and not _are_two_users(person, other):
            _merge(person, other, {"together": sorted(given)}, now, by=None)
            person.refresh_from_db()
    return person


@transaction.atomic
def merge_people(
    *, left: Person, right: Person, by: User, reason: str, now: datetime
) -> IdentityMerge:
    """Say that two people are one.

    Raises
    ------
    IdentityError : of two workspaces, or one already
    """
    if left.workspace_id != right.workspace_id:
        raise IdentityError("These people belong to different workspaces.")
    lock_names([f"identity:{left.workspace_id}"])
    left.refresh_from_db()
    right.refresh_from_db()
    if _root(left) == _root(right):
        raise IdentityError("They are one person already.")
    return _merge(left, right, {"reason": reason}, now, by=by)


@transaction.atomic
def undo_merge(*, merge: IdentityMerge, by: User, now: datetime) -> None:
    """Take a merge back; everybody has again what came with him.

    Raises
    ------
    IdentityError : undone already
    """
    lock_names([f"identity:{merge.workspace_id}"])
    open_merges = IdentityMerge.objects.filter(pk=merge.pk, undone_at=None)
    if not open_merges.update(undone_at=now, undone_by=by):
        raise IdentityError("This merge was undone already.")
    _set_roots(merge.workspace_id, {merge.left_id})
    _set_roots(merge.workspace_id, {merge.right_id})
    _tell(merge.workspace_id, {merge.left_id, merge.right_id})


def members_of(person: Person) -> list[Person]:
    """Everybody who is this person today, the oldest first."""
    ids = _component(person.workspace_id, {person.pk})
    return list(Person.objects.filter(workspace=person.workspace_id, pk__in=ids).order_by("pk"))


def _surest(known: Mapping[str, Person]) -> Person:
    return known[min(known, key=_SUREST.__getitem__)]


def _known(workspace: Workspace, given: Mapping[str, str]) -> dict[str, Person]:
    rows = Identifier.objects.filter(
        workspace=workspace, kind__in=given, value__in=given.values()
    ).select_related("person")
    return {row.kind: row.person for row in rows if given[row.kind] == row.value}


def _remember(person: Person, identifiers: Mapping[str, str], now: datetime) -> None:
    Identifier.objects.bulk_create(
        Identifier(
            workspace_id=person.workspace_id, person=person, kind=k, value=v, first_seen_at=now
        )
        for k, v in identifiers.items()
    )


def _root(person: Person) -> int:
    return person.root_id or person.pk


def _are_two_users(left: Person, right: Person) -> bool:
    groups = [_component(p.workspace_id, {p.pk}) for p in (left, right)]
    users = Identifier.objects.filter(kind=IdentifierKind.USER_ID)
    return all(users.filter(person__in=group).exists() for group in groups)


def _merge(
    left: Person, right: Person, evidence: Mapping[str, object], now: datetime, *, by: User | None
) -> IdentityMerge:
    merge = IdentityMerge.objects.create(
        workspace_id=left.workspace_id, left=left, right=right, evidence=dict(evidence),
        merged_at=now, merged_by=by,
    )  # fmt: skip
    _set_roots(left.workspace_id, {left.pk})
    _tell(left.workspace_id, {left.pk})
    return merge


def _tell(workspace_id: int, people: Collection[int]) -> None:
    # Whatever they ever did may be somebody else's now.
    tell_people_news(workspace_id=workspace_id, people=people, since=_EVER)


def _set_roots(workspace_id: int, start: Iterable[int]) -> None:
    members = _component(workspace_id, start)
    root = min(members)
    people = Person.objects.filter(workspace=workspace_id)
    people.filter(pk=root).update(root=None)
    people.filter(pk__in=members - {root}).update(root=root)


def _component(workspace_id: int, start: Iterable[int]) -> set[int]:
    """Everybody whom open merges tie to the start, step by step."""
    found, edge = set(start), set(start)
    merges = IdentityMerge.objects.filter(workspace=workspace_id, undone_at=None)
    while edge:
        ties: dict[int, set[int]] = defaultdict(set)
        for near, far in (("left", "right"), ("right", "left")):
            pairs = merges.filter(**{f"{near}__in": edge}).values_list(near, far)
            for one, other in pairs:
                ties[one].add(other)
        edge = set().union(*ties.values()) - found
        found |= edge
    return found
