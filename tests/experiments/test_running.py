"""The life of a test: started, paused, re-shared, stopped; who may, and what stands on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from experiments.models import (
    ABTest,
    ABTestAllocation,
    ABTestStatus,
    EndReason,
    ExperimentPolicy,
    Layer,
)
from experiments.services.drafting import edit_draft
from experiments.services.running import (
    change_shares,
    pause_test,
    resume_test,
    start_test,
    stop_test,
)
from experiments.services.scheduling import free_unsigned, start_due
from tests.experiments.steps import NOW, draft_of, on_site, running_of
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import NotAllowedError, Proposer, RequestError, StateError
from workspaces.models import Proposal, Status, User, Workspace
from workspaces.selectors_undo import undoable_ids
from workspaces.services import signing
from workspaces.services.execution import execute_due
from workspaces.services.reverting import revert

pytestmark = pytest.mark.django_db
RULE = Proposer.rule("test")


def _ready(workspace: Workspace, key: str = "button", **options: Any) -> ABTest:
    test = draft_of(workspace, key, **options)
    on_site(test)
    return test


def _run(at: Any = NOW) -> None:
    execute_due(worker="w", clock=lambda: at)


def _log(test: ABTest) -> list[tuple[int, dict[str, int]]]:
    rows = ABTestAllocation.objects.filter(test=test).order_by("at")
    return [(row.traffic, row.weights) for row in rows]


def test_an_operator_starts_a_test(workspace: Workspace, operator: User) -> None:
    test = _ready(workspace, planned_units=500)

    proposal = start_test(test=test, by=Proposer.person(operator), now=NOW)

    test.refresh_from_db()
    assert proposal is None
    assert (test.status, test.started_at) == (ABTestStatus.RUNNING, NOW)
    assert test.decision_rule["planned_units"] == 500
    assert test.decision_rule["metrics"][0]["metric"] == "purchase"
    assert _log(test) == [(10_000, {"control": 5_000, "blue": 5_000})]
    assert not Proposal.objects.exists()


def test_what_is_not_ready_does_not_start(workspace: Workspace) -> None:
    test = draft_of(workspace, metrics={})

    with pytest.raises(StateError, match=r"primary metric.*which website"):
        start_test(test=test, by=RULE, now=NOW)

    assert ABTest.objects.get().status == "draft"


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_who_is_no_operator_runs_nothing(
    workspace: Workspace, request: pytest.FixtureRequest, role: str
) -> None:
    person = Proposer.person(request.getfixturevalue(role))
    draft, live = _ready(workspace), running_of(workspace, "live")
    calls = [
        lambda: start_test(test=draft, by=person, now=NOW),
        lambda: pause_test(test=live, by=person, reason="r", now=NOW),
        lambda: stop_test(test=live, by=person, reason="r", now=NOW),
        lambda: change_shares(test=live, by=person, reason="r", now=NOW, traffic=1),
    ]

    for call in calls:
        with pytest.raises(NotAllowedError, match="operator"):
            call()

    assert set(ABTest.objects.values_list("key", "status")) == {
        ("button", "draft"), ("live", "running"),
    }  # fmt: skip


def test_an_outsider_runs_nothing(workspace: Workspace, outsider: User) -> None:
    with pytest.raises(NotAllowedError):
        start_test(test=_ready(workspace), by=Proposer.person(outsider), now=NOW)


def test_policy_asks_for_a_signature(workspace: Workspace, operator: User, approver: User) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    test = _ready(workspace)

    proposal = start_test(test=test, by=Proposer.person(operator), now=NOW)

    test.refresh_from_db()
    assert proposal is not None
    assert (proposal.status, test.status) == (Status.PENDING, ABTestStatus.PENDING_START)
    with pytest.raises(StateError, match="Cancel that first"):
        edit_draft(test=test, values={"name": "x"}, by=RULE, now=NOW)
    sign(proposal, approver, NOW)
    _run()
    test.refresh_from_db()
    assert (fresh(proposal).status, test.status) == (Status.EXECUTED, ABTestStatus.RUNNING)
    assert test.decision_rule == proposal.current_plan.content["rule"]


def test_a_draft_that_changed_since_it_was_signed_does_not_start(
    workspace: Workspace, operator: User, approver: User
) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    test = _ready(workspace)
    proposal = start_test(test=test, by=Proposer.person(operator), now=NOW)
    sign(proposal, approver, NOW)
    ABTest.objects.filter(pk=test.pk).update(traffic=1_000)

    _run()

    test.refresh_from_db()
    assert (fresh(proposal).status, test.status) == (Status.PENDING, ABTestStatus.PENDING_START)
    assert fresh(proposal).current_plan.content["traffic"] == 1_000


def test_a_start_that_is_rejected_leaves_a_draft(
    workspace: Workspace, operator: User, approver: User
) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    test = _ready(workspace)
    proposal = start_test(test=test, by=Proposer.person(operator), now=NOW)
    assert free_unsigned(workspace=workspace) == 0
    signing.reject(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=NOW,
        why="No.",
    )  # fmt: skip

    assert free_unsigned(workspace=workspace) == 1

    test.refresh_from_db()
    assert test.status == ABTestStatus.DRAFT
    edit_draft(test=test, values={"name": "Better"}, by=RULE, now=NOW)


def test_a_pause_acts_at_once_and_is_on_record(workspace: Workspace, operator: User) -> None:
    test = running_of(workspace)

    pause_test(test=test, by=Proposer.person(operator), reason="Odd.", now=NOW)

    test.refresh_from_db()
    assert (test.status, test.paused_at) == (ABTestStatus.PAUSED, NOW)
    stop = Proposal.objects.get()
    assert (stop.kind, stop.status, stop.proposed_by) == (
        "workspaces.stop", Status.EXECUTED, operator,
    )  # fmt: skip
    assert _log(test) == [(0, {"control": 5_000, "blue": 5_000})]
    resume_test(test=test, by=Proposer.person(operator), now=NOW)
    assert [traffic for traffic, _ in _log(test)] == [0, 10_000]


def test_a_machine_pauses_too(workspace: Workspace) -> None:
    test = running_of(workspace)

    pause_test(test=test, by=RULE, reason="Harm.", now=NOW)

    stop = Proposal.objects.get()
    assert (stop.status, stop.proposer_type, stop.proposed_by) == (Status.EXECUTED, "rule", None)


def test_a_stop_ends_a_test(workspace: Workspace, operator: User) -> None:
    test = running_of(workspace)
    with pytest.raises(RequestError, match="Say why"):
        stop_test(test=test, by=RULE, reason=" ", now=NOW)

    stop_test(test=test, by=Proposer.person(operator), reason="Enough.", now=NOW)

    test.refresh_from_db()
    assert (test.status, test.end_reason) == (ABTestStatus.COMPLETED, EndReason.PERSON)
    for again in (stop_test, pause_test):
        with pytest.raises(StateError):
            again(test=test, by=RULE, reason="r", now=NOW)


def test_shares_change_while_it_runs(workspace: Workspace, operator: User) -> None:
    test = running_of(workspace)
    by = Proposer.person(operator)

    change_shares(
        test=test, by=by, reason="Careful.", now=NOW, traffic=2_000,
        weights={"control": 9_000, "blue": 1_000},
    )  # fmt: skip
    change_shares(test=test, by=by, reason="More.", now=NOW, traffic=4_000)
    connection.check_constraints()

    assert _log(test) == [
        (2_000, {"control": 9_000, "blue": 1_000}),
        (4_000, {"control": 9_000, "blue": 1_000}),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"traffic": 10_001}, "traffic"),
        ({"weights": {"control": 10_000}}, "weights"),
        ({"weights": {"control": 9_000, "blue": 999}}, "weights"),
        ({"weights": {"control": 11_000, "blue": -1_000}}, "weights"),
    ],
)
def test_shares_that_are_none_are_refused(
    workspace: Workspace, values: dict[str, Any], field: str
) -> None:
    test = running_of(workspace)

    with pytest.raises(RequestError) as refused:
        change_shares(test=test, by=RULE, reason="r", now=NOW, **values)

    assert (refused.value.field, _log(test)) == (field, [])


def test_a_taken_slot_is_told(workspace: Workspace) -> None:
    layer = Layer.objects.create(workspace=workspace, name="Prices")
    running_of(workspace, "one", layer=layer, layer_to=5_000)
    test = _ready(workspace, "two", layer=layer, layer_from=4_000)

    with pytest.raises(StateError, match="One has its slot in Prices"):
        start_test(test=test, by=RULE, now=NOW)


def test_a_planned_test_starts_on_its_day(workspace: Workspace) -> None:
    test = _ready(workspace, planned_for=NOW.date() + timedelta(days=1))

    assert start_due(workspace=workspace, now=NOW) == 0
    assert start_due(workspace=workspace, now=NOW + timedelta(days=1)) == 1

    test.refresh_from_db()
    assert test.status == ABTestStatus.RUNNING


def test_a_planned_test_waits_for_the_one_on_its_page(workspace: Workspace) -> None:
    first = running_of(workspace, "first", max_days=14)
    place = on_site(first)
    test = draft_of(workspace, "second", planned_for=NOW.date())
    on_site(test, place.site, "/product/*")

    assert start_due(workspace=workspace, now=NOW) == 0
    assert start_due(workspace=workspace, now=NOW + timedelta(days=13)) == 0
    stop_test(test=first, by=RULE, reason="r", now=NOW + timedelta(days=13))
    assert start_due(workspace=workspace, now=NOW + timedelta(days=13)) == 1


def test_undoing_a_start_stops_the_test(
    workspace: Workspace, operator: User, approver: User
) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    test = _ready(workspace)
    started = start_test(test=test, by=Proposer.person(operator), now=NOW)
    sign(started, approver, NOW)
    _run()

    assert undoable_ids([fresh(started)]) == {started.pk}
    undo = revert(proposal_id=started.pk, by=operator, now=NOW)
    sign(undo, approver, NOW)
    _run()

    test.refresh_from_db()
    assert (test.status, fresh(started).status) == (ABTestStatus.COMPLETED, Status.REVERTED)
    assert undoable_ids([fresh(undo)]) == set()
    with pytest.raises(StateError, match="Copy it"):
        revert(proposal_id=undo.pk, by=operator, now=NOW)
