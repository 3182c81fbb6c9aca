"""Steps that tests of the gate take with the note kind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from workspaces.gate import Proposer, canonical, digest
from workspaces.models import ExecutionAttempt, Plan, Proposal, Signature, Status, User, Workspace
from workspaces.services import execution, proposing, signing

MACHINE = Proposer.model("sampler", "v1")
JOIN_S = 20


def propose(
    workspace: Workspace, now: datetime, *, page: str = "1", text: str = "hello", **options: object
) -> Proposal:
    """Propose a note, by the sampler where nothing else is said."""
    options = {"proposer": MACHINE, "request": {"page": page, "text": text}, **options}
    return proposing.propose(
        workspace=workspace, kind="note", reason="Because.", now=now, **options
    )


def sign(proposal: Proposal, by: User, now: datetime) -> Proposal:
    """Sign the current plan."""
    return signing.sign(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=by, now=now
    )


def signed(workspace: Workspace, by: User, now: datetime, **options: object) -> Proposal:
    """Propose and sign."""
    return sign(propose(workspace, now, **options), by, now)


def run_due(now: datetime, worker: str = "w") -> int:
    """Execute what is due, at one moment."""
    return execution.execute_due(worker=worker, clock=lambda: now)


def fresh(proposal: Proposal) -> Proposal:
    """The proposal as it is stored now."""
    return Proposal.objects.select_related("workspace", "current_plan").get(pk=proposal.pk)


def raw_plan(proposal: Proposal, version: int = 2, **fields: object) -> Plan:
    """A plan written past the services."""
    text = canonical({"subject": "1", "before": "blank", "after": f"raw {version}"})
    values = {
        "body": text, "sha256": digest(text), "policy_version": "raw", "risk": "low",
        "rank_required": "approver", "created_at": proposal.created_at, **fields,
    }  # fmt: skip
    return Plan.objects.create(proposal=proposal, version=version, **values)


def raw_signature(plan: Plan, person: User | None, **fields: object) -> Signature:
    """A signature written past the services."""
    values = {
        "decision": "approve", "rank_held": "approver", "at": plan.created_at, **fields,
    }  # fmt: skip
    return Signature.objects.create(plan=plan, person=person, **values)


def raw_proposal(workspace: Workspace, now: datetime, **fields: object) -> Proposal:
    """A proposal row written past the services."""
    values = {
        "kind": "note", "subject_key": "page:1", "subject_label": "Page 1", "summary": "Write",
        "reason": "Because.", "proposer_type": "model", "proposer_key": "model:x",
        "proposer_label": "x", "created_at": now, **fields,
    }  # fmt: skip
    return Proposal.objects.create(workspace=workspace, **values)


# The way to each state through the table, pending first.
PATHS = {
    Status.PENDING: [],
    Status.APPROVED: [Status.APPROVED],
    Status.EXECUTING: [Status.APPROVED, Status.EXECUTING],
    Status.EXECUTED: [Status.APPROVED, Status.EXECUTING, Status.EXECUTED],
    Status.FAILED: [Status.APPROVED, Status.EXECUTING, Status.FAILED],
    Status.REVERTED: [Status.APPROVED, Status.EXECUTING, Status.EXECUTED, Status.REVERTED],
    Status.REJECTED: [Status.REJECTED],
    Status.EXPIRED: [Status.EXPIRED],
    Status.SUPERSEDED: [Status.SUPERSEDED],
    Status.CANCELLED: [Status.CANCELLED],
}


def walked_to(status: Status, proposal: Proposal, signer: User) -> Proposal:
    """Bring a pending proposal to a status by bare updates, signed first."""
    raw_signature(proposal.current_plan, signer)
    for step in PATHS[status]:
        Proposal.objects.filter(pk=proposal.pk).update(status=step)
    return fresh(proposal)


def sent_attempt(now: datetime, *, sent_before: timedelta = timedelta(0)) -> ExecutionAttempt:
    """Claim what is due and leave it as a worker that died after sending its call would."""
    (attempt,) = execution.claim(worker="dead", now=now)
    attempt.call_sent_at = now - sent_before
    attempt.save()
    return attempt


class InThread(threading.Thread):
    """A call on a connection of its own; ``result()`` returns or raises what it did."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._value: object = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001  # handed to the test as it is
            self._error = error
        finally:
            connection.close()

    def result(self) -> object:
        """Wait for the end."""
        self.join(JOIN_S)
        assert not self.is_alive(), "the two wait for each other"
        if self._error:
            raise self._error
        return self._value

    def outcome(self) -> object:
        """The value, or the error as a value."""
        try:
            return self.result()
        except Exception as error:  # noqa: BLE001  # compared by the test
            return error


def is_waiting_for_a_lock(*, at_least: int = 1) -> bool:
    """Whether other connections of this database stand waiting for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees one moment
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0] >= at_least)


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that must come true; a test that waits forever fails by its limit."""
    for _ in range(5_000):
        if condition():
            return
    raise AssertionError("it never came true")
