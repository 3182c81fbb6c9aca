"""The life of a test between its start and its end: begun, paused, resumed, stopped, re-shared.

Whatever is done stands in ``ABTestAllocation``, from which propensities are read, and in the
history of the test's row. Stopping and pausing act at once and are recorded as signed stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from experiments.models import (
    WHOLE,
    ABTest,
    ABTestAllocation,
    ABTestStatus,
    EndReason,
    Mode,
)
from experiments.selectors.checklist import blockers_of
from experiments.selectors.proposals import KIND, open_proposal_of, subject_of
from experiments.selectors.rules import parts_of, policy_of, rule_document
from experiments.services.drafting import TOPIC, lock_test, require_draft
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Proposal
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.live import bump
from workspaces.services.permissions import require
from workspaces.services.proposing import propose
from workspaces.services.webhooks_out import publish

LIVE: Final = (ABTestStatus.RUNNING, ABTestStatus.PAUSED)
_STANDING: Final = ["status", "started_at", "paused_at", "ended_at", "end_reason", "winner"]


def start_test(
    *, test: ABTest, by: Proposer, now: datetime, reason: str = "", idempotency_key: str = ""
) -> Proposal | None:
    """Start a draft; returns the proposal that has to be signed before, where policy asks for one.

    Raises
    ------
    StateError : it is no draft, or something that the checklist names is in the way
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Starting a test")
    reason = reason.strip() or f"Start “{test.name}”."
    if policy_of(test.workspace).start_needs_signature:
        return propose(
            workspace=test.workspace,
            kind=KIND,
            request={"test": str(test.public_id), "operation": "start"},
            proposer=by,
            reason=reason,
            now=now,
            idempotency_key=idempotency_key,
        )
    with transaction.atomic():
        locked = lock_test(test)
        require_draft(locked)
        require_ready(locked, now)
        begin(locked, by_label=by.label, reason=reason, now=now)
    test.refresh_from_db()
    return None


def require_ready(test: ABTest, now: datetime) -> None:
    """Refuse a draft that cannot be started.

    Raises
    ------
    StateError : with everything that is in the way
    """
    if found := blockers_of(test, now):
        raise StateError(" ".join(one.text for one in found))


def begin(
    test: ABTest,
    *,
    by_label: str,
    reason: str,
    now: datetime,
    rule: Mapping[str, Any] | None = None,
) -> None:
    """Start a locked draft by a rule, its own unless told; in the caller's transaction.

    Raises
    ------
    StateError : the slot of its layer was taken meanwhile
    """
    test.decision_rule = dict(
        rule or rule_document(test, policy_of(test.workspace), parts_of(test))
    )
    test.status, test.started_at = ABTestStatus.RUNNING, now
    try:
        with transaction.atomic():
            test.save(update_fields=["status", "started_at", "decision_rule"])
    except IntegrityError as error:
        raise StateError("Its slot in the layer is taken by a test that runs.") from error
    log_shares(test, by_label=by_label, reason=reason, now=now)


def log_shares(test: ABTest, *, by_label: str, reason: str, now: datetime) -> None:
    """Write down what the shares are from now on; nobody comes in while it does not run."""
    newest = ABTestAllocation.objects.filter(test=test).order_by("-at").first()
    # Two changes of one moment keep their order.
    at = max(now, newest.at + timedelta(microseconds=1)) if newest else now
    ABTestAllocation.objects.create(
        workspace=test.workspace,
        test=test,
        at=at,
        traffic=test.traffic if test.status == ABTestStatus.RUNNING else 0,
        weights=dict(test.variants.values_list("key", "weight")),
        reason=reason[:300],
        by_label=by_label[:150],
    )
    bump(test.workspace_id, TOPIC)


@transaction.atomic
def pause_test(*, test: ABTest, by: Proposer, reason: str, now: datetime) -> ABTest:
    """Let everybody see the control until it is resumed.

    Raises
    ------
    StateError : it does not run
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Pausing a test")
    _require_reason(reason)
    locked = lock_test(test)
    if locked.status != ABTestStatus.RUNNING:
        raise StateError(
            f"It is {locked.get_status_display().lower()}; only a running test pauses."
        )
    locked.status, locked.paused_at = ABTestStatus.PAUSED, now
    locked.save(update_fields=["status", "paused_at"])
    _record(locked, by, "pause", before="running", after="paused", reason=reason, now=now)
    return locked


@transaction.atomic
def resume_test(*, test: ABTest, by: Proposer, now: datetime, reason: str = "") -> ABTest:
    """Let a paused test go on as it was signed.

    Raises
    ------
    StateError : it is not paused, or pausing it is what a proposal waits to make final
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Resuming a test")
    locked = lock_test(test)
    if locked.status != ABTestStatus.PAUSED:
        raise StateError(f"It is {locked.get_status_display().lower()}, not paused.")
    if proposal := open_proposal_of(locked):
        raise StateError(f"“{proposal.summary}” is open. Sign or reject that first.")
    locked.status, locked.paused_at = ABTestStatus.RUNNING, None
    locked.save(update_fields=["status", "paused_at"])
    log_shares(locked, by_label=by.label, reason=reason or "Resumed.", now=now)
    return locked


@transaction.atomic
def stop_test(
    *,
    test: ABTest,
    by: Proposer,
    reason: str,
    now: datetime,
    why: EndReason = EndReason.PERSON,
) -> ABTest:
    """End a test without a winner: the control stays.

    Raises
    ------
    StateError : it does not run
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=test.workspace, now=now, what="Stopping a test")
    _require_reason(reason)
    locked = lock_test(test)
    if locked.status not in LIVE:
        raise StateError(f"It is {locked.get_status_display().lower()}; there is nothing to stop.")
    before = str(locked.status)
    end(locked, why=why, now=now)
    _record(locked, by, "stop", before=before, after="completed", reason=reason, now=now)
    return locked


def end(test: ABTest, *, why: EndReason, now: datetime, winner_id: int | None = None) -> None:
    """End a locked test, with a winner or without, and tell of it; in the caller's transaction."""
    close(test, why=why, now=now, winner_id=winner_id)
    publish(
        workspace=test.workspace,
        event_type="test.decided",
        data={
            "id": str(test.public_id),
            "key": test.key,
            "status": str(test.status),
            "reason": str(why),
            "winner": test.winner.key if test.winner else None,
        },
        event_id=f"{test.public_id}:{test.status}",
        now=now,
    )


def close(test: ABTest, *, why: EndReason, now: datetime, winner_id: int | None = None) -> None:
    """End a locked test and tell nobody: a roll-out is no test of its own to the outside."""
    test.status = ABTestStatus.WINNER_DECLARED if winner_id else ABTestStatus.COMPLETED
    test.paused_at, test.ended_at = None, test.ended_at or now
    test.end_reason, test.winner_id = why, winner_id
    test.save(update_fields=_STANDING)


@transaction.atomic
def change_shares(
    *,
    test: ABTest,
    by: Proposer,
    reason: str,
    now: datetime,
    traffic: int | None = None,
    weights: Mapping[str, int] | None = None,
) -> ABTest:
    """Change who comes in from now on; whoever met a variant keeps it.

    Raises
    ------
    RequestError : names the field that is wrong
    StateError : it has not started or is over, or a bandit sets its shares
    NotAllowedError : the person is no operator
    """
    require(
        Role.OPERATOR,
        by=by,
        workspace=test.workspace,
        now=now,
        what="Changing the shares of a test",
    )
    _require_reason(reason)
    locked = lock_test(test)
    if locked.status not in LIVE:
        raise StateError(f"It is {locked.get_status_display().lower()}: its shares stand.")
    if weights is not None and locked.mode == Mode.BANDIT and by.user is not None:
        raise StateError("A bandit sets the shares of this test by itself.")
    if traffic is not None:
        if not 0 <= traffic <= WHOLE:
            raise RequestError("traffic", f"Give 0 to {WHOLE}: 5000 is 50 %.")
        locked.traffic = traffic
        locked.save(update_fields=["traffic"])
    if weights is not None:
        _set_weights(locked, weights)
    log_shares(locked, by_label=by.label, reason=reason, now=now)
    return locked


def _set_weights(test: ABTest, weights: Mapping[str, int]) -> None:
    variants = {variant.key: variant for variant in test.variants.all()}
    if set(weights) != set(variants):
        raise RequestError("weights", f"Give a share for each of: {', '.join(sorted(variants))}.")
    if any(not 0 <= weight <= WHOLE for weight in weights.values()):
        raise RequestError("weights", f"Each share is 0 to {WHOLE}: 5000 is 50 %.")
    if sum(weights.values()) != WHOLE:
        raise RequestError(
            "weights", f"The shares are {sum(weights.values())} in all, not {WHOLE}."
        )
    for key, weight in weights.items():
        if variants[key].weight != weight:
            variants[key].weight = weight
            variants[key].save(update_fields=["weight"])


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise RequestError("reason", "Say why: it stands in the history of the test.")


def _record(
    test: ABTest, by: Proposer, what: str, *, before: str, after: str, reason: str, now: datetime
) -> None:
    record_stop(
        workspace=test.workspace,
        by=by,
        rank=Role.OPERATOR,
        subject_key=subject_of(test),
        subject_label=test.name,
        summary=f"{what.capitalize()} the test “{test.name}”",
        body={
            "operation": f"{what}_test",
            "subject": subject_of(test),
            "before": before,
            "after": after,
        },
        reason=reason,
        now=now,
    )
    log_shares(test, by_label=by.label, reason=reason, now=now)
