"""Tests as a kind of proposal: start, declare a winner and roll it out, stop, take back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from experiments.judging import judge, subject_test
from experiments.models import (
    OPEN_ROLL_OUTS,
    ABTest,
    ABTestChange,
    ABTestStatus,
    EndReason,
    Operation,
    RollOut,
)
from experiments.planning import LIVE, NOT_STARTED, plan, start_document
from experiments.selectors.proposals import KIND
from experiments.services.drafting import lock_test
from experiments.services.rolling import roll_out, take_back
from experiments.services.running import begin, end, log_shares
from workspaces.gate import Draft, Judgement, PlanView, Reading, StateError, body_of
from workspaces.models import Proposal, Workspace
from workspaces.own_kinds import OwnKind

_DONE = {
    Operation.START: "The test runs.",
    Operation.ROLL_OUT: "The winner is declared and being rolled out.",
    Operation.STOP: "The test is over; the control stays.",
    Operation.REVERT: "Everybody sees the control again.",
}


class ABTestHandler(OwnKind):
    """What becomes of a test."""

    kind = KIND
    label = "A/B test"
    template = "experiments/change_detail.html"
    rules = "tests v1"
    row = ABTestChange

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Plan one operation on one test."""
        return plan(workspace=workspace, request=request, now=now)

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        """Write the row that the queue shows; a draft waits for its signature from now on."""
        ABTestChange.objects.update_or_create(
            proposal=proposal, defaults={**draft.detail, "workspace": proposal.workspace}
        )
        if draft.detail["operation"] == Operation.START:
            ABTest.objects.filter(pk=draft.detail["test"].pk, status=ABTestStatus.DRAFT).update(
                status=ABTestStatus.PENDING_START
            )

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Look at the newest figures."""
        checks, risk = judge(plan, now=now)
        return self.judged(*checks, risk=risk)

    def reading(self, plan: PlanView) -> Reading:
        """Where the test stands."""
        test = subject_test(plan)
        if test is None:
            return Reading("other", words="The test is gone")
        state = _STATES[Operation(plan.body["operation"])](test, plan)
        words = f"The test is {test.get_status_display().lower()}"
        return Reading(state, {"status": str(test.status)}, words=words)

    def done(self, plan: PlanView) -> str:
        """What holds then."""
        return _DONE[Operation(plan.body["operation"])]

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Do what was signed."""
        tests = ABTest.objects.filter(workspace=proposal.workspace)
        test = tests.select_related("workspace").get(public_id=body["test"])
        operation = Operation(body["operation"])
        if operation == Operation.ROLL_OUT:
            variant = test.variants.get(key=body["variant"])
            roll_out(proposal=proposal, test=test, variant_id=variant.pk, body=body, now=now)
        elif operation == Operation.REVERT:
            take_back(test=test, reason=proposal.reason, now=now)
        else:
            _move(operation, proposal, lock_test(test), body, now)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether it is the same plan still."""
        return old == new

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask for the way back, where there is one."""
        body = body_of(proposal)
        operation = body.get("operation")
        if operation == Operation.ROLL_OUT:
            return {"test": body["test"], "operation": str(Operation.REVERT)}
        if operation == Operation.START:
            return {"test": body["test"], "operation": str(Operation.STOP)}
        if operation == Operation.REVERT:
            return {
                "test": body["test"],
                "operation": str(Operation.ROLL_OUT),
                "variant": body["variant"],
            }
        raise StateError("A test that is over stays so. Copy it to run it again.")

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """While the test runs, or its winner is shown; what was taken back can come again."""
        is_open = RollOut.objects.filter(test=OuterRef("test"), state__in=OPEN_ROLL_OUTS)
        changes = ABTestChange.objects.filter(proposal__in=proposals).filter(
            Q(operation=Operation.START, test__status__in=LIVE)
            | Q(Exists(is_open), operation=Operation.ROLL_OUT)
            | Q(~Exists(is_open), operation=Operation.REVERT)
        )
        found = set(changes.values_list("proposal_id", flat=True))
        return [row.pk in found for row in proposals]


def _move(
    operation: Operation, proposal: Proposal, test: ABTest, body: dict[str, Any], now: datetime
) -> None:
    """Start or stop a locked test; what holds already is left as it is."""
    if operation == Operation.START and test.status in NOT_STARTED:
        begin(
            test, by_label=proposal.proposer_label, reason=proposal.reason, now=now,
            rule=body["rule"],
        )  # fmt: skip
    elif operation == Operation.STOP and test.status in LIVE:
        end(test, why=EndReason(body["why"]), now=now)
        log_shares(test, by_label=proposal.proposer_label, reason=proposal.reason, now=now)


def _start_state(test: ABTest, plan: PlanView) -> Any:
    if test.has_started:
        return "after" if test.decision_rule == plan.body["rule"] else "other"
    document = start_document(test)
    is_same = all(plan.body.get(name) == value for name, value in document.items())
    return "before" if is_same else "other"


def _roll_out_state(test: ABTest, plan: PlanView) -> Any:
    if RollOut.objects.filter(test=test, proposal=plan.proposal_id).exists():
        return "after"
    is_taken = RollOut.objects.filter(test=test, state__in=OPEN_ROLL_OUTS).exists()
    return "other" if is_taken or not test.has_started else "before"


def _stop_state(test: ABTest, plan: PlanView) -> Any:
    if test.status in LIVE:
        return "before"
    return "after" if test.is_over else "other"


def _revert_state(test: ABTest, plan: PlanView) -> Any:
    is_open = RollOut.objects.filter(test=test, state__in=OPEN_ROLL_OUTS).exists()
    return "before" if is_open else "after"


_STATES = {
    Operation.START: _start_state,
    Operation.ROLL_OUT: _roll_out_state,
    Operation.STOP: _stop_state,
    Operation.REVERT: _revert_state,
}
