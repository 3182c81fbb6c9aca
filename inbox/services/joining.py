"""Whether two contacts are one person: a person says so, and can take it back.

What is joined are the people of attribution, by a merge that is undone without loss. Contacts,
addresses and conversations stay as they are: an answer still goes only to the address that wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from attribution.services.identity import merge_people, undo_merge
from inbox.engine.identities import suggest
from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    HappenedKind,
    IdentitySuggestion,
    SuggestionStatus,
)
from inbox.selectors.sightings import pairs_known, roots_of, sightings_of
from inbox.services.topics import TOPIC, UNCONFIRMED
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require
from workspaces.services.refusals import RefusedError

PEOPLE_JOB: Final = "people-finder"
#: More are asked about on the next night; those with most evidence come first.
_A_NIGHT: Final = 1_000
_DECIDED: Final[Mapping[str, str]] = {
    SuggestionStatus.OPEN: "Nobody has decided about them yet.",
    SuggestionStatus.CONFIRMED: "Somebody said already that they are the same person.",
    SuggestionStatus.REFUSED: "Somebody said already that they are two people.",
    SuggestionStatus.TAKEN_BACK: "They were taken apart again already.",
}


class JoiningError(RefusedError):
    """These two cannot be joined or taken apart; the text says why."""


@transaction.atomic
def confirm(*, suggestion: IdentitySuggestion, by: Proposer, now: datetime) -> IdentitySuggestion:
    """Say that two contacts are one person; said twice, it is done once.

    Raises
    ------
    NotAllowedError : the person is no agent
    JoiningError : nobody stands behind it, it was decided otherwise, or one of them was erased
    """
    user = _person(by, suggestion.workspace, now)
    row = _locked(suggestion)
    if row.status == SuggestionStatus.CONFIRMED:
        return row
    _must_be(row, SuggestionStatus.OPEN)
    _must_have_evidence(row)
    roots = roots_of(row.workspace_id, [row.first_id, row.second_id])
    if len(set(roots.values())) > 1:
        # The reason outlives people: it names the question, not them.
        row.merge = merge_people(
            left=row.first.person, right=row.second.person, by=user, now=now,
            reason=f"Confirmed in the inbox: {row.public_id}",
        )  # fmt: skip
    return _decide(row, SuggestionStatus.CONFIRMED, by, now)


@transaction.atomic
def refuse(*, suggestion: IdentitySuggestion, by: Proposer, now: datetime) -> IdentitySuggestion:
    """Say that they are two people; nobody is asked about them again.

    Raises
    ------
    NotAllowedError : the person is no agent
    JoiningError : nobody stands behind it, or it was decided otherwise
    """
    _person(by, suggestion.workspace, now)
    row = _locked(suggestion)
    if row.status == SuggestionStatus.REFUSED:
        return row
    _must_be(row, SuggestionStatus.OPEN)
    return _decide(row, SuggestionStatus.REFUSED, by, now)


@transaction.atomic
def take_apart(
    *, suggestion: IdentitySuggestion, by: Proposer, now: datetime
) -> IdentitySuggestion:
    """Take back that they are one person; each has again what came with it.

    Raises
    ------
    NotAllowedError : the person is no agent
    JoiningError : nobody stands behind it, they are not joined, or something else joined them
    """
    user = _person(by, suggestion.workspace, now)
    row = _locked(suggestion)
    if row.status == SuggestionStatus.TAKEN_BACK:
        return row
    _must_be(row, SuggestionStatus.CONFIRMED)
    if row.merge is None:
        raise JoiningError(
            "They were one person before it was confirmed, or one was erased since: "
            "there is nothing to take apart here."
        )
    if row.merge.undone_at is None:
        undo_merge(merge=row.merge, by=user, now=now)
    return _decide(row, SuggestionStatus.TAKEN_BACK, by, now)


@transaction.atomic
def ask_again(*, suggestion: IdentitySuggestion, by: Proposer, now: datetime) -> IdentitySuggestion:
    """Ask once more about two who are said to be two people; a merge taken back stays on record.

    Raises
    ------
    NotAllowedError : the person is no agent
    JoiningError : nobody stands behind it, they are joined, or one of them was erased
    """
    _person(by, suggestion.workspace, now)
    row = _locked(suggestion)
    if row.status == SuggestionStatus.OPEN:
        return row
    if row.status == SuggestionStatus.CONFIRMED:
        raise JoiningError(_DECIDED[row.status])
    _must_have_evidence(row)
    row.status, row.merge, row.decided_by, row.decided_at = SuggestionStatus.OPEN, None, None, None
    row.save(update_fields=["status", "merge", "decided_by", "decided_at"])
    bump(row.workspace_id, TOPIC)
    return row


def find_suggestions(*, workspace: Workspace, now: datetime) -> int:
    """Ask about contacts that one address or number was seen on; of how many pairs.

    No pair is asked about twice, and none that is one person already.
    """
    seen = sightings_of(workspace.pk, UNCONFIRMED)
    contacts = {one.contact for one in seen}
    roots = roots_of(workspace.pk, contacts)
    found = [
        one
        for one in suggest(seen, pairs_known(workspace.pk, contacts))
        if roots[one.first] != roots[one.second]
    ][:_A_NIGHT]
    with transaction.atomic():
        rows = [
            IdentitySuggestion(
                workspace=workspace, first_id=one.first, second_id=one.second,
                evidence=list(one.evidence), created_at=now,
            )
            for one in found
        ]  # fmt: skip
        IdentitySuggestion.objects.bulk_create(rows, ignore_conflicts=True)
        if rows:
            bump(workspace.pk, TOPIC)
    return len(rows)


def find_people(progress: Progress) -> None:
    """Body of the nightly job."""
    progress.count(asked=find_suggestions(workspace=progress.workspace, now=progress.now))


def _person(by: Proposer, workspace: Workspace, now: datetime) -> User:
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Saying who is the same person")
    if by.user is None:
        raise JoiningError("A person has to say who is the same person, not a machine.")
    return by.user


def _locked(suggestion: IdentitySuggestion) -> IdentitySuggestion:
    """The row as it stands; locked as erasing does: who is who, conversations, then the row."""
    lock_names([f"identity:{suggestion.workspace_id}"])
    list(_open_of(suggestion).select_for_update(no_key=True).order_by("pk").values_list("pk"))
    rows = IdentitySuggestion.objects.select_for_update(of=("self",))
    known = rows.select_related("first__person", "second__person", "merge", "workspace")
    return known.get(pk=suggestion.pk)


def _open_of(row: IdentitySuggestion) -> Any:
    return Conversation.objects.filter(
        workspace=row.workspace_id, contact__in=[row.first_id, row.second_id],
        merged_into=None, archived_at=None,
    ).exclude(status=ConversationStatus.CLOSED)  # fmt: skip


def _must_be(row: IdentitySuggestion, status: SuggestionStatus) -> None:
    if row.status != status:
        raise JoiningError(_DECIDED[row.status])


def _must_have_evidence(row: IdentitySuggestion) -> None:
    if not row.evidence:
        raise JoiningError("One of them was erased: nothing speaks for it any more.")


_TOLD: Final = {
    SuggestionStatus.CONFIRMED: HappenedKind.JOINED,
    SuggestionStatus.TAKEN_BACK: HappenedKind.PARTED,
}


def _decide(
    row: IdentitySuggestion, status: SuggestionStatus, by: Proposer, now: datetime
) -> IdentitySuggestion:
    row.status, row.decided_by, row.decided_at = status, by.user, now
    row.save(update_fields=["status", "merge", "decided_by", "decided_at"])
    if status in _TOLD:
        # Events stay when people are erased: they hold keys, no names.
        ConversationEvent.objects.bulk_create(
            ConversationEvent(
                workspace_id=row.workspace_id, conversation=one, kind=_TOLD[status], at=now,
                by=by.user, by_label=by.label[:150], after={"suggestion": str(row.public_id)},
            )
            for one in _open_of(row).order_by("pk")
        )  # fmt: skip
    bump(row.workspace_id, TOPIC)
    return row
