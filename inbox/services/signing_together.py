"""Drafts that are signed in one click: each by the gate for itself, and taken back together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from inbox.models import ReplyDraft
from inbox.selectors.replies import KIND
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Decision, Proposal, Signature, User, Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require
from workspaces.services.signing import BulkResult, bulk_sign, bulk_withdraw

MOST: Final = 500


@dataclass(frozen=True)
class Together:
    """What was signed, or taken back, in one click."""

    done: int
    refused: tuple[tuple[str, str], ...]  # who, and why
    at: datetime


def sign_together(
    *, workspace: Workspace, picks: Sequence[str], by: User, now: datetime
) -> Together:
    """Sign drafts as they were shown; those that cannot be signed are told by name.

    Parameters
    ----------
    picks : ``id:sha256`` of each proposal and the plan that was shown

    Raises
    ------
    NotAllowedError : the person is no agent
    RequestError : nothing, or too much, was picked
    """
    require(Role.AGENT, by=Proposer.person(by), workspace=workspace, now=now, what="Signing")
    shown = dict(_pair(one) for one in picks)
    if not shown or len(shown) > MOST:
        raise RequestError("pick", f"Pick 1 to {MOST} drafts.")
    rows = Proposal.objects.filter(workspace=workspace, kind=KIND, public_id__in=shown)
    keys = dict(rows.values_list("pk", "public_id"))
    result = bulk_sign(pairs=[(pk, shown[name]) for pk, name in keys.items()], by=by, now=now)
    gone = [("A draft", "It is not there any more.")] * (len(shown) - len(keys))
    bump(workspace.pk, TOPIC)
    return Together(len(result.done), (*_named(result), *gone), now)


def undo_together(*, workspace: Workspace, at: datetime, by: User, now: datetime) -> Together:
    """Take back all that a person signed in one click, as far as it has not gone out.

    Raises
    ------
    NotAllowedError : the person is no agent
    StateError : nothing of his was signed then
    """
    require(Role.AGENT, by=Proposer.person(by), workspace=workspace, now=now, what="Taking back")
    signed = Signature.objects.filter(
        person=by, at=at, decision=Decision.APPROVE, withdrawn_at=None,
        plan__proposal__workspace=workspace, plan__proposal__kind=KIND,
    )  # fmt: skip
    keys = list(signed.values_list("plan__proposal", flat=True))
    if not keys:
        raise StateError("Nothing of yours was signed then that could be taken back.")
    result = bulk_withdraw(proposal_ids=keys, by=by, now=now)
    bump(workspace.pk, TOPIC)
    return Together(len(result.done), _named(result), at)


def _pair(pick: str) -> tuple[UUID, str]:
    name, _, sha256 = pick.partition(":")
    try:
        return UUID(name), sha256
    except ValueError:
        raise RequestError("pick", "Pick drafts of this page.") from None


def _named(result: BulkResult) -> tuple[tuple[str, str], ...]:
    """Refusals by who would have got the answer."""
    why = dict(result.refused)
    drafts = ReplyDraft.objects.filter(proposal__in=why).select_related("answers__point__contact")
    return tuple(
        (str(one.answers.point.contact or one.answers.sender_name), why[one.pk])
        for one in drafts.order_by("pk")
    )
