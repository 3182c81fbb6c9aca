"""Locks of the gate: rows in order, totals by name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from workspaces.gate import StateError
from workspaces.models import ExecutionAttempt, Plan, Proposal


def lock_names(names: Iterable[str]) -> None:
    """Hold named locks until the transaction ends, taken in one order against rings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(n, 0)) FROM unnest(%s::text[]) AS n",
            [sorted(set(names))],
        )


def lock_proposals(proposal_ids: Iterable[int]) -> dict[int, Proposal]:
    """Lock proposals in one order, with their workspaces and current plans; by id."""
    rows = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("workspace", "current_plan", "proposed_by")
        .filter(pk__in=list(proposal_ids))
        .order_by("pk")
    )
    locked = {row.pk: row for row in rows}
    for row in locked.values():
        if row.current_plan is None and row.current_plan_id is not None:
            # After waiting for the lock PostgreSQL reads this row anew but not the joined one:
            # the plan that was made meanwhile comes back empty.
            row.current_plan = Plan.objects.get(pk=row.current_plan_id)
    return locked


def lock_again(attempts: Iterable[ExecutionAttempt]) -> dict[int, Proposal]:
    """Lock the proposals of attempts in one order, as they are now; by id.

    Plans and workspaces are those that the attempts hold: a plan never changes.
    """
    known = {attempt.plan.proposal_id: attempt.plan for attempt in attempts}
    rows = Proposal.objects.select_for_update().filter(pk__in=known).order_by("pk")
    locked = {row.pk: row for row in rows.defer("request", "result", "realised")}
    for pk, row in locked.items():
        plan = known[pk]
        row.workspace = plan.proposal.workspace
        if row.current_plan_id == plan.pk:
            row.current_plan = plan
    return locked


def lock_proposal(proposal_id: int) -> Proposal:
    """Lock one proposal, with its workspace and current plan."""
    locked = lock_proposals([proposal_id])
    if proposal_id not in locked:
        raise StateError("This proposal does not exist.")
    return locked[proposal_id]
