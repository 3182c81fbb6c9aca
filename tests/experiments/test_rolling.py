"""Winners: proposed once, signed, shown step by step, watched and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from experiments.models import (
    ABTest,
    ABTestAllocation,
    ABTestStatus,
    ExperimentPolicy,
    Exposure,
    RollOut,
    RollOutState,
    UnitOutcome,
)
from experiments.selectors.weighing import weighted_of
from experiments.services.bandits import reweigh, whole_shares
from experiments.services.deciding import decide_test, running_tests, watch_roll_outs
from experiments.services.rolling import (
    finish_roll_out,
    pause_roll_out,
    resume_roll_out,
)
from experiments.services.running import begin
from tests.campaigns.factories import AdFactory
from tests.experiments.figures import count
from tests.experiments.steps import NOW, draft_of, metric_of, on_site, running_of, variant_of
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import NotAllowedError, Proposer, StateError
from workspaces.models import Notification, Proposal, Status, User, Workspace
from workspaces.selectors_undo import undoable_ids
from workspaces.services import proposing, signing
from workspaces.services.execution import execute_due
from workspaces.services.reverting import revert

pytestmark = pytest.mark.django_db
RULE = Proposer.rule("test")
LATER = NOW + timedelta(days=8)
WON = {"control": (20_000, 2_000), "blue": (20_000, 2_600)}
FEWER = {"control": (20_000, 2_000), "blue": (20_000, 1_500)}
EVEN = {"control": (20_000, 2_000), "blue": (20_000, 2_000)}


def _live(workspace: Workspace, figures: dict[str, tuple[int, int]], **options: Any) -> ABTest:
    metrics = {
        "primary": metric_of(workspace),
        "guardrail": metric_of(workspace, "refund", goal="decrease"),
    }
    test = running_of(workspace, metrics=metrics, **options)
    on_site(test)
    count(test, "purchase", figures)
    return test


def _run(at: Any = LATER) -> None:
    execute_due(worker="w", clock=lambda: at)


def _rolled(workspace: Workspace, approver: User) -> RollOut:
    test = _live(workspace, WON)
    assert decide_test(test=test, now=LATER) == "proposed"
    sign(Proposal.objects.get(), approver, LATER)
    _run()
    connection.check_constraints()
    return RollOut.objects.get()


def test_a_winner_is_proposed_once(workspace: Workspace) -> None:
    test = _live(workspace, WON)

    assert decide_test(test=test, now=LATER) == "proposed"
    assert decide_test(test=test, now=LATER + timedelta(minutes=15)) == ""

    proposal = Proposal.objects.get()
    plan = proposal.current_plan
    assert (proposal.kind, proposal.status, plan.is_blocked) == ("ab_test", "pending", False)
    assert (plan.predicted["delta"], "better" in plan.predicted) == ("30.0", False)
    assert (plan.content["first_step"], plan.content["share"]) == (5_000, 9_500)
    assert "holds however often one looks" in proposal.reason
    test.refresh_from_db()
    assert test.status == ABTestStatus.RUNNING


def test_fewer_may_be_what_is_promised(workspace: Workspace) -> None:
    metric_of(workspace, goal="decrease")
    test = _live(workspace, FEWER)

    assert decide_test(test=test, now=LATER) == "proposed"

    predicted = Proposal.objects.get().current_plan.predicted
    assert (predicted["delta"], predicted["better"]) == ("-25.0", "less")


def test_what_was_turned_down_is_not_asked_for_again_at_once(
    workspace: Workspace, approver: User
) -> None:
    test = _live(workspace, WON)
    decide_test(test=test, now=LATER)
    proposal = Proposal.objects.get()
    signing.reject(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=LATER,
        why="Not yet.",
    )  # fmt: skip

    assert decide_test(test=test, now=LATER + timedelta(days=1)) == ""
    assert decide_test(test=test, now=LATER + timedelta(days=7, hours=1)) == "proposed"


def test_a_workspace_may_do_without_proposals(workspace: Workspace) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, proposes_by_itself=False)

    assert decide_test(test=_live(workspace, WON), now=LATER) == ""
    assert not Proposal.objects.exists()


def test_a_signed_winner_goes_to_half_first(workspace: Workspace, approver: User) -> None:
    row = _rolled(workspace, approver)

    test, live = row.test, row.follow_up
    assert (test.status, test.winner, test.end_reason) == ("winner_declared", row.variant, "winner")
    assert (row.state, row.share, row.holdback) == (RollOutState.ROLLING, 5_000, 500)
    assert row.claimed == pytest.approx(0.3)
    assert (live.status, live.traffic, live.key) == ("running", 5_263, "button-live")
    arms = live.variants.order_by("position").values_list("key", "weight")
    assert list(arms) == [("control", 500), ("blue", 9_500)]
    assert live.website.site == test.website.site
    assert list(running_tests(workspace)) == []


def test_it_goes_on_by_itself_where_nothing_suffers(workspace: Workspace, approver: User) -> None:
    row = _rolled(workspace, approver)

    assert watch_roll_outs(workspace=workspace, now=LATER)["steps"] == 0
    assert watch_roll_outs(workspace=workspace, now=LATER + timedelta(days=3))["steps"] == 1

    row.refresh_from_db()
    assert (row.state, row.share, row.next_step_at) == (RollOutState.HOLDING, 9_500, None)
    assert row.follow_up.traffic == 10_000
    shares = ABTestAllocation.objects.filter(test=row.follow_up).order_by("at")
    assert [one.traffic for one in shares] == [5_263, 10_000]


def test_the_kill_switch_holds_the_next_step_up(workspace: Workspace, approver: User) -> None:
    row = _rolled(workspace, approver)
    type(workspace).objects.filter(pk=workspace.pk).update(kill_switch=True)

    assert watch_roll_outs(workspace=workspace, now=LATER + timedelta(days=3))["steps"] == 0

    row.refresh_from_db()
    assert row.state == RollOutState.ROLLING


def test_the_hold_back_tells_the_realised_gain(workspace: Workspace, approver: User) -> None:
    row = _rolled(workspace, approver)
    count(row.follow_up, "purchase", {"control": (500, 50), "blue": (9_500, 1_045)})

    assert watch_roll_outs(workspace=workspace, now=LATER)["measured"] == 1

    row.refresh_from_db()
    assert row.realised == pytest.approx(0.1)
    assert row.realised_low < 0.1 < row.realised_high
    assert watch_roll_outs(workspace=workspace, now=LATER)["measured"] == 0


def test_harm_pauses_a_roll_out_and_asks_for_the_way_back(
    workspace: Workspace, approver: User
) -> None:
    row = _rolled(workspace, approver)
    count(row.follow_up, "purchase", {"control": (1_000, 100), "blue": (19_000, 1_900)})
    count(row.follow_up, "refund", {"control": (1_000, 20), "blue": (19_000, 1_900)})

    done = watch_roll_outs(workspace=workspace, now=LATER + timedelta(days=3))

    assert (done["paused"], done["steps"]) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.follow_up.status) == (RollOutState.PAUSED, "paused")
    asked = Proposal.objects.get(kind="ab_test", status=Status.PENDING)
    assert asked.request["operation"] == "revert"
    assert "Refund suffers" in asked.reason
    assert Notification.objects.filter(title__startswith="Paused: roll-out").exists()
    with pytest.raises(StateError, match="is open"):
        resume_roll_out(roll_out=row, by=Proposer.person(approver), reason="", now=LATER)
    sign(asked, approver, LATER)
    _run(LATER + timedelta(days=3))
    row.refresh_from_db()
    assert (row.state, row.follow_up.status) == (RollOutState.REVERTED, "completed")
    assert fresh(row.proposal).status == Status.REVERTED


def test_a_roll_out_is_paused_resumed_and_finished(
    workspace: Workspace, approver: User, operator: User
) -> None:
    row = _rolled(workspace, approver)
    person = Proposer.person(operator)

    pause_roll_out(roll_out=row, by=person, reason="Odd.", now=LATER)
    with pytest.raises(NotAllowedError, match="approver"):
        resume_roll_out(roll_out=row, by=person, reason="", now=LATER)
    resume_roll_out(roll_out=row, by=Proposer.person(approver), reason="Fine.", now=LATER)
    with pytest.raises(StateError, match="only one with all"):
        finish_roll_out(roll_out=row, by=Proposer.person(approver), now=LATER)
    watch_roll_outs(workspace=workspace, now=LATER + timedelta(days=3))
    with pytest.raises(NotAllowedError, match="approver"):
        finish_roll_out(roll_out=row, by=person, now=LATER)
    finish_roll_out(roll_out=row, by=Proposer.person(approver), now=LATER + timedelta(days=9))

    row.refresh_from_db()
    assert (row.state, row.follow_up.status) == (RollOutState.FINISHED, "completed")


def test_undoing_a_roll_out_takes_it_back_and_can_be_undone(
    workspace: Workspace, approver: User, operator: User
) -> None:
    row = _rolled(workspace, approver)

    assert undoable_ids([row.proposal]) == {row.proposal_id}
    undo = revert(proposal_id=row.proposal_id, by=operator, now=LATER)
    sign(undo, approver, LATER)
    _run()
    assert undoable_ids([fresh(undo)]) == {undo.pk}
    again = revert(proposal_id=undo.pk, by=operator, now=LATER)
    sign(again, approver, LATER)
    _run()

    states = RollOut.objects.order_by("pk").values_list("state", "follow_up__key")
    assert list(states) == [("reverted", "button-live"), ("rolling", "button-live2")]


def test_harm_pauses_a_test_at_once(workspace: Workspace) -> None:
    test = _live(workspace, EVEN)
    count(test, "refund", {"control": (20_000, 1_000), "blue": (20_000, 1_500)})

    assert decide_test(test=test, now=NOW + timedelta(days=1)) == "paused"

    test.refresh_from_db()
    assert test.status == ABTestStatus.PAUSED
    asked = Proposal.objects.get(kind="ab_test")
    assert (asked.request["operation"], asked.request["why"]) == ("stop", "harm")
    assert Proposal.objects.get(kind="workspaces.stop").status == Status.EXECUTED


def test_a_futile_test_is_proposed_to_stop(workspace: Workspace, approver: User) -> None:
    big = {"control": (2_000_000, 200_000), "blue": (2_000_000, 200_100)}
    test = _live(workspace, big)

    assert decide_test(test=test, now=LATER) == "proposed"
    sign(Proposal.objects.get(), approver, LATER)
    _run()

    test.refresh_from_db()
    assert (test.status, test.end_reason) == ("completed", "futility")


def test_a_test_ends_when_its_time_is_up(workspace: Workspace) -> None:
    test = _live(workspace, EVEN)

    assert decide_test(test=test, now=NOW + timedelta(days=14)) == "ended"

    test.refresh_from_db()
    assert (test.status, test.end_reason) == ("completed", "time_up")
    assert not Proposal.objects.filter(kind="ab_test").exists()


def test_a_split_that_is_off_is_told_and_nothing_else(workspace: Workspace) -> None:
    test = _live(workspace, {"control": (20_000, 2_000), "blue": (15_000, 2_600)})

    assert decide_test(test=test, now=LATER) == "gated"

    test.refresh_from_db()
    assert (test.status, Proposal.objects.count()) == (ABTestStatus.RUNNING, 0)


def test_newer_figures_hold_a_signed_winner_up(workspace: Workspace, approver: User) -> None:
    test = _live(workspace, WON)
    decide_test(test=test, now=LATER)
    proposal = Proposal.objects.get()
    sign(proposal, approver, LATER)
    day = NOW.date() + timedelta(days=1)
    count(test, "purchase", {"control": (20_000, 4_000), "blue": (20_000, 2_000)}, day=day)

    _run()

    test.refresh_from_db()
    assert test.status == ABTestStatus.RUNNING
    assert fresh(proposal).status == Status.PENDING
    assert fresh(proposal).current_plan.is_blocked
    assert not RollOut.objects.exists()


def _asked(workspace: Workspace, test: ABTest, proposer: Proposer, variant: str) -> Proposal:
    return proposing.propose(
        workspace=workspace, kind="ab_test", proposer=proposer, reason="r", now=NOW,
        request={"test": str(test.public_id), "operation": "roll_out", "variant": variant},
    )  # fmt: skip


def test_a_person_may_ask_early_and_is_warned(workspace: Workspace, operator: User) -> None:
    proposal = _asked(workspace, _live(workspace, EVEN), Proposer.person(operator), "blue")

    plan = proposal.current_plan
    warned = [row["name"] for row in plan.verdict if row["verdict"] == "warning"]
    assert (warned, plan.is_blocked, plan.risk) == (
        ["guardrails", "days", "figures"],
        False,
        "high",
    )


def test_a_machine_that_asks_early_is_blocked(workspace: Workspace) -> None:
    proposal = _asked(workspace, _live(workspace, EVEN), RULE, "blue")

    assert proposal.current_plan.is_blocked


def test_ads_that_lost_are_proposed_to_be_paused(workspace: Workspace, approver: User) -> None:
    ads = [AdFactory(ad_set__campaign__account__workspace=workspace) for _ in range(2)]
    test = _ads_test(workspace, ads)

    proposal = _asked(workspace, test, Proposer.rule("x"), "blue")
    sign(proposal, approver, NOW)
    _run()

    row = RollOut.objects.get()
    assert (row.state, row.follow_up) == (RollOutState.FINISHED, None)
    change = Proposal.objects.get(kind="ad_change")
    assert (change.status, change.request["value"]) == (Status.PENDING, "paused")
    assert change.request["entity"] == str(ads[0].public_id)


def _ads_test(workspace: Workspace, ads: list[Any]) -> ABTest:
    clicks = metric_of(workspace, "click", source="ad_performance")
    test = draft_of(workspace, surface="ad", metrics={"primary": clicks})
    for variant, ad in zip(test.variants.order_by("position"), ads, strict=True):
        variant.ad = ad
        variant.save(update_fields=["ad"])
    begin(test, by_label="x", reason="r", now=NOW - timedelta(days=9))
    count(test, "click", WON)
    return test


def test_a_bandit_follows_what_is_better(workspace: Workspace) -> None:
    test = _live(workspace, WON, mode="bandit")

    assert reweigh(workspace=workspace, now=NOW + timedelta(hours=1)) == 1
    connection.check_constraints()

    row = ABTestAllocation.objects.get(test=test)
    assert row.weights == {"control": 500, "blue": 9_500}
    assert row.reason.startswith("Chance to be the best: Control 0 %, Blue 100 %.")
    assert reweigh(workspace=workspace, now=NOW + timedelta(hours=2)) == 0


def test_a_bandit_waits_for_units(workspace: Workspace) -> None:
    _live(workspace, {"control": (90, 1), "blue": (90, 30)}, mode="bandit")

    assert reweigh(workspace=workspace, now=NOW) == 0


def test_shares_are_whole() -> None:
    assert whole_shares([1 / 3, 1 / 3, 1 / 3]) == [3_334, 3_333, 3_333]


def test_estimates_of_a_bandit_know_by_which_share_a_unit_came(workspace: Workspace) -> None:
    test = _live(workspace, EVEN, mode="bandit")
    moved = NOW + timedelta(hours=6)
    for at, weights in ((NOW, (5_000, 5_000)), (moved, (1_000, 9_000))):
        ABTestAllocation.objects.create(
            workspace=workspace, test=test, at=at, reason="r",
            weights=dict(zip(("control", "blue"), weights, strict=True)),
        )  # fmt: skip
    metric = test.metrics.get(role="primary").metric
    # Before noon one of two buys, after it one of ten, whichever variant they see.
    plan = [("control", NOW, 10, 5), ("blue", NOW, 10, 5), ("control", moved, 10, 1),
            ("blue", moved, 90, 9)]  # fmt: skip
    for key, at, units, bought in plan:
        for number in range(units):
            exposure = Exposure.objects.create(
                workspace=workspace, test=test, variant=variant_of(test, key), at=at,
                unit=f"{key}-{at}-{number}", day=at.date(),
            )  # fmt: skip
            if number < bought:
                UnitOutcome.objects.create(
                    workspace=workspace, exposure=exposure, metric=metric, day=at.date(), value=2
                )

    control, blue = weighted_of(test, metric)

    # 20 units at even shares and 100 at uneven ones: (20 × 0.5 + 100 × 0.1) / 120.
    assert control.value == pytest.approx(1 / 6)
    assert blue.value == pytest.approx(1 / 6)
