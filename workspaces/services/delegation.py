"""Lending one's rank while away. Every change of a delegation is audited by the database."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from workspaces.models import Delegation, Membership, User, Workspace
from workspaces.services.refusals import NotPermittedError, RefusedError


class DelegationError(RefusedError):
    """The rank cannot be lent like that."""


@transaction.atomic
def delegate(
    *,
    workspace: Workspace,
    giver: User,
    taker: User,
    ends_at: datetime,
    now: datetime,
    reason: str = "",
) -> Delegation:
    """Lend the giver's rank to another member until a moment.

    Raises
    ------
    DelegationError : not two members, an end in the past, or lent to this person already
    """
    members = set(
        Membership.objects.filter(workspace=workspace, user__in=[giver, taker]).values_list(
            "user_id", flat=True
        )
    )
    if giver == taker:
        raise DelegationError("Choose another member than yourself.")
    if members != {giver.pk, taker.pk}:
        raise DelegationError("You can delegate only to a member of this workspace.")
    if ends_at <= now:
        raise DelegationError("The end lies in the past; choose a later day.")
    running = Delegation.objects.filter(
        workspace=workspace, giver=giver, taker=taker, ends_at__gt=now
    )
    if running.exists():
        raise DelegationError(f"{taker} stands in for you already; end that first.")
    return Delegation.objects.create(
        workspace=workspace,
        giver=giver,
        taker=taker,
        starts_at=now,
        ends_at=ends_at,
        reason=reason,
    )


@transaction.atomic
def end_delegation(*, delegation: Delegation, by: User, now: datetime) -> None:
    """Take lent rank back now; only the giver may."""
    if delegation.giver_id != by.pk:
        raise NotPermittedError("Only the person who delegated may end it.")
    running = Delegation.objects.select_for_update().filter(pk=delegation.pk, ends_at__gt=now)
    found = running.first()
    if found is None:
        raise DelegationError("This delegation has ended already.")
    if found.starts_at >= now:
        found.delete()
        return
    found.ends_at = now
    found.save(update_fields=["ends_at"])
