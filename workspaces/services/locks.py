"""Locks of the gate: rows in order, totals by name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from workspaces.gate import StateError
from workspaces.models import Plan, Proposal


def lock_names(names: Iterable[str]) -> None:
    """Hold named locks until the transaction ends, taken in one order against rings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(n, 0)) FROM unnest(%s::text[]) AS n",
            [sorted(set(names))],
        )


def lock_proposal(proposal_id: int) -> Proposal:
    """Lock one proposal, with its workspace and current plan."""
    try:
        proposal = (
            Proposal.objects.select_for_update(of=("self",))
            .select_related("workspace", "current_plan", "proposed_by")
            .get(pk=proposal_id)
        )
    except Proposal.DoesNotExist:
        raise StateError("This proposal does not exist.") from None
    if proposal.current_plan is None and proposal.current_plan_id is not None:
        # After waiting for the lock PostgreSQL reads this row anew but not the joined one: the
        # plan that was made meanwhile comes back empty.
        proposal.current_plan = Plan.objects.get(pk=proposal.current_plan_id)
    return proposal
