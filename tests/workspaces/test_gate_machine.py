"""Proposals under every order of acts: a state machine that checks the promises after each step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.workspaces import note_kind
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from tests.workspaces.gate_steps import MACHINE, propose, sign
from workspaces.gate import GateError, Outcome, Proposer, Reading
from workspaces.models import ExecutionAttempt, JobRun, Proposal, Signature, Status
from workspaces.models.gate_triggers import TRANSITIONS
from workspaces.services import brake, execution, proposing, reverting, signing, upkeep

PAGES = ("1", "2")
PEOPLE = ("operator", "approver", "approver2", "admin")
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

people = st.sampled_from(PEOPLE)
picks = st.integers(0, 3)
texts = st.sampled_from(["a", "bb", "ccc"])
OUTCOMES = {
    "applied": (Outcome("applied", "Done."), "after"),
    "refused": (Outcome("refused", "No."), "before"),
    "throttled": (Outcome("throttled", "Wait.", retry_after_s=60), "before"),
    "transient": (Outcome("transient", "Down."), "before"),
    "unknown": (Outcome("unknown", "Timed out."), "unknown"),
}


class FarEnd:
    """Where notes take effect: each call that commits is counted, and can be read back."""

    def __init__(self, kind):
        self.values, self.calls, self.next = {}, [], "applied"
        kind.call, kind.look = self.call, self.read

    def call(self, plan):
        outcome, _ = OUTCOMES[self.next]
        if self.next in ("applied", "unknown"):
            self.calls.append((plan.body["subject"], plan.proposal_id, plan.body["after"]))
            self.values[plan.body["subject"]] = plan.body["after"]
        return outcome

    def read(self, plan):
        if self.next == "unknown" and self.calls and self.calls[-1][1] == plan.proposal_id:
            self.next = "applied"
            return Reading("unknown")
        live = self.values.get(plan.body["subject"], plan.body["before"])
        if live == plan.body["after"]:
            return Reading("after")
        state = "before" if live == plan.body["before"] else "other"
        return Reading(state, live={"text": live})


class GateMachine(RuleBasedStateMachine):
    """Everybody does anything, in any order, at a clock that only goes on."""

    @initialize()
    def begin(self):
        self.kind = note_kind.install()
        self.far = FarEnd(self.kind)
        self.now = START
        self.workspace = WorkspaceFactory()
        self.people = {
            name: MembershipFactory(
                workspace=self.workspace, role=name.rstrip("2"), user__email=f"{name}@{id(self)}.x"
            ).user
            for name in PEOPLE
        }
        self.was: dict[int, str] = {}
        self.refusals: list[str] = []
        self.propose_and_sign("1", "first")

    def pick(self, number, *statuses):
        wanted = Proposal.objects.filter(workspace=self.workspace, kind="note")
        found = list(wanted.filter(status__in=statuses or list(Status)).order_by("-pk")[:4])
        return found[number % len(found)] if found else None

    def try_to(self, call):
        try:
            return call()
        except GateError as error:
            self.refusals.append(str(error))
            return None

    def propose(self, page, text, by):
        proposer = Proposer.person(self.people[by]) if by else MACHINE
        self.try_to(
            lambda: propose(self.workspace, self.now, page=page, text=text, proposer=proposer)
        )

    def sign(self, number, by):
        if proposal := self.pick(number, Status.PENDING):
            sha = proposal.current_plan.sha256
            self.try_to(
                lambda: signing.sign(
                    proposal_id=proposal.pk, plan_sha256=sha, by=self.people[by], now=self.now
                )
            )

    def propose_and_sign(self, page, text):
        def go():
            proposal = propose(self.workspace, self.now, page=page, text=text)
            for by in ("approver", "approver2"):
                sign(proposal, self.people[by], self.now)

        self.try_to(go)

    def go_all_the_way(self, page, text, outcome):
        self.propose_and_sign(page=page, text=text)
        self.execute(outcome=outcome)

    def edit(self, number, by, text):
        if proposal := self.pick(number):
            self.try_to(
                lambda: proposing.edit(
                    proposal_id=proposal.pk, changes={"text": text}, by=self.people[by],
                    now=self.now,
                )
            )  # fmt: skip

    def withdraw(self, number, by):
        if proposal := self.pick(number):
            self.try_to(
                lambda: signing.withdraw(proposal_id=proposal.pk, by=self.people[by], now=self.now)
            )

    def reject(self, number, by):
        if proposal := self.pick(number, Status.PENDING):
            sha = proposal.current_plan.sha256
            self.try_to(
                lambda: signing.reject(
                    proposal_id=proposal.pk, plan_sha256=sha, by=self.people[by], now=self.now,
                    why="No.",
                )
            )  # fmt: skip

    def cancel(self, number, by):
        if proposal := self.pick(number):
            self.try_to(
                lambda: signing.cancel(proposal_id=proposal.pk, by=self.people[by], now=self.now)
            )

    def snooze(self, number, by):
        if proposal := self.pick(number):
            until = self.now + timedelta(hours=2)
            self.try_to(
                lambda: signing.snooze(
                    proposal_id=proposal.pk, until=until, by=self.people[by], now=self.now
                )
            )

    def execute(self, outcome):
        self.far.next = outcome
        execution.execute_due(worker="w", clock=lambda: self.now, limit=1, workspace=self.workspace)
        self.far.next = "applied"

    def claim_and_die(self):
        execution.claim(worker="dead", now=self.now, workspace=self.workspace)

    def reap(self):
        execution.reap(worker="reaper", clock=lambda: self.now)

    def drift(self, page, text):
        self.far.values[page] = text
        # What somebody else overwrote may rightly be sent again.
        self.far.calls = [call for call in self.far.calls if call[0] != page]

    def change_policy(self, signatures):
        self.kind.signatures = signatures

    def pull(self, by):
        self.try_to(
            lambda: brake.pull(
                workspace=self.workspace, by=self.people[by], reason="Stop.", now=self.now
            )
        )

    def release(self, by):
        self.try_to(
            lambda: brake.release(
                workspace=self.workspace, by=self.people[by], reason="Go.", now=self.now
            )
        )

    def revert(self, number, by):
        if proposal := self.pick(number, Status.EXECUTED):
            self.try_to(
                lambda: reverting.revert(proposal_id=proposal.pk, by=self.people[by], now=self.now)
            )

    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)
        upkeep.expire_due(now=self.now)

    # Few rules with many acts: hypothesis leaves out whole rules in a run.
    @rule(page=st.sampled_from(PAGES), text=texts, by=st.sampled_from([None, None, *PEOPLE]))
    def somebody_proposes(self, page, text, by):
        self.propose(page, text, by)

    @rule(page=st.sampled_from(PAGES), text=texts, outcome=st.sampled_from(["applied", *OUTCOMES]))
    def one_goes_all_the_way(self, page, text, outcome):
        self.propose_and_sign(page, text)
        self.execute(outcome)

    @rule(
        act=st.sampled_from(["sign", "sign", "withdraw", "reject", "cancel", "snooze", "revert"]),
        number=picks,
        by=people,
    )
    def somebody_decides(self, act, number, by):
        getattr(self, act)(number, by)

    @rule(number=picks, by=people, text=texts)
    def somebody_edits(self, number, by, text):
        self.edit(number, by, text)

    @rule(act=st.sampled_from([*OUTCOMES, "die", "reap"]))
    def a_worker_works(self, act):
        acts = {"die": self.claim_and_die, "reap": self.reap}
        acts.get(act, lambda: self.execute(act))()

    @rule(act=st.sampled_from(["pull", "release", "release", "one", "two", "drift"]), by=people)
    def the_world_turns(self, act, by):
        {
            "pull": lambda: self.pull(by),
            "release": lambda: self.release(by),
            "one": lambda: self.change_policy(1),
            "two": lambda: self.change_policy(2),
            "drift": lambda: self.drift("1", "x"),
        }[act]()

    @rule(minutes=st.sampled_from([1, 1, 12, 12, 60 * 25]))
    def time_goes_by(self, minutes):
        self.wait(minutes)

    def proposals(self):
        return Proposal.objects.filter(workspace=self.workspace, kind="note")

    @invariant()
    def states_follow_the_table(self):
        now_is = dict(self.proposals().values_list("pk", "status"))
        for pk, status in now_is.items():
            old = self.was.get(pk, Status.PENDING)
            assert _reaches(old, status), f"{old} → {status}"
        self.was = now_is

    @invariant()
    def refusals_are_sentences(self):
        assert all(refusal.endswith(".") for refusal in self.refusals)

    @invariant()
    def one_is_open_for_a_subject(self):
        open_keys = [proposal.subject_key for proposal in self.proposals() if proposal.is_open]
        assert len(open_keys) == len(set(open_keys))

    @invariant()
    def what_runs_or_ran_was_fully_signed(self):
        ran = self.proposals().filter(
            status__in=[Status.APPROVED, Status.EXECUTING, Status.EXECUTED, Status.REVERTED]
        )
        for proposal in ran.select_related("current_plan"):
            plan = proposal.current_plan
            signers = set(
                Signature.objects.filter(plan=plan, decision="approve", withdrawn_at=None)
                .values_list("person_id", flat=True)
            )  # fmt: skip
            assert len(signers) >= plan.signatures_required
            assert proposal.proposed_by_id not in signers

    @invariant()
    def each_executed_plan_has_one_effect(self):
        done = self.proposals().filter(status__in=[Status.EXECUTED, Status.REVERTED])
        for proposal in done:
            applied = ExecutionAttempt.objects.filter(
                plan=proposal.current_plan_id, outcome="applied"
            )
            assert applied.count() == 1
        settled = ExecutionAttempt.objects.filter(
            plan__proposal__workspace=self.workspace, plan__proposal__kind="note",
            outcome="applied",
        )  # fmt: skip
        written = JobRun.objects.filter(workspace=self.workspace, name__startswith="note:")
        assert done.count() == settled.count() == written.count()

    @invariant()
    def no_call_is_made_twice_or_unsigned(self):
        for _, proposal_id, text in self.far.calls:
            plan = ExecutionAttempt.objects.filter(
                plan__proposal=proposal_id, call_sent_at__isnull=False, plan__body__contains=text
            )
            assert plan.exists()
        assert len(self.far.calls) == len(set(self.far.calls))

    @invariant()
    def running_attempts_are_those_of_what_executes(self):
        running = ExecutionAttempt.objects.filter(
            settled_at=None, plan__proposal__workspace=self.workspace
        ).values_list("plan__proposal_id", flat=True)
        executing = self.proposals().filter(status=Status.EXECUTING)
        assert sorted(running) == sorted(executing.values_list("pk", flat=True))


def _reaches(old, new):
    seen, todo = set(), [old]
    while todo:
        status = todo.pop()
        if status not in seen:
            seen.add(status)
            todo += TRANSITIONS.get(status, ())
    return new in seen


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("examples", "steps"),
    [(10, 25), pytest.param(100, 40, marks=pytest.mark.slow)],
)
def test_promises_hold_whatever_people_and_workers_do(examples, steps):
    savepoints = []

    class InASavepoint(GateMachine):
        """Each run of the machine starts from the same empty database."""

        def __init__(self):
            savepoints.append(connection.savepoint())
            super().__init__()

        def teardown(self):
            connection.savepoint_rollback(savepoints.pop())

    run_state_machine_as_test(
        InASavepoint,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert not savepoints
