"""A canary starts when it was signed, and ends: it serves all, does harm, or is stopped."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mlops.models import Canary, ModelPolicy, ModelVersion, PredictionRole, Promotion
from mlops.selectors.registry import champion_of
from mlops.services.registry.canaries import serve_everybody, stop_canary, watch_canary
from mlops.services.registry.promoting import rollback
from mlops.services.watch.comparing import advance
from tests.mlops.canary.steps import DAY, canary_of, signed, told
from tests.mlops.registry.steps import NAME as WHOLE
from tests.mlops.registry.steps import champion, proposed, spoil
from tests.mlops.registry.steps import version_of as mean_of
from tests.mlops.watch.steps import drawn, installs_of, score, version_of
from tests.workspaces.gate_steps import InThread, fresh, run_due
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Notification, Proposal, Status
from workspaces.models.gate_triggers import STOP_KIND
from workspaces.selectors_undo import undoable_ids
from workspaces.services import brake, proposing, reverting

NAME = "churn"
HOUR, SOON = timedelta(hours=1), timedelta(minutes=5)
WEEK = 7 * DAY


@pytest.fixture
def pair(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """What serves, and another version."""
    first = version_of(workspace, now - DAY)
    champion(first, now - DAY, approver)
    return first, version_of(workspace, now)


@pytest.fixture
def canary(pair, approver, now) -> Canary:
    """Of a tenth, begun a moment ago."""
    return canary_of(pair[1], now, approver, share="0.1")


def serving(workspace) -> int:
    return champion_of(workspace=workspace, name=NAME).version


def answered(canary, now, *, known: int, is_worse: bool = False) -> None:
    """What both versions said of users whose future is known now."""
    users = drawn(known)
    installs = installs_of(canary.workspace, known, (now - 50 * DAY).date())
    mine, other = (users.dim, users.sharp) if is_worse else (users.sharp, users.dim)
    score(canary.champion, installs, other, users.came)
    told(
        canary.version, PredictionRole.CANARY, [one.user_id for one in installs], mine,
        canary.started_at + HOUR,
    )  # fmt: skip


# --- Beginning -----------------------------------------------------------------------------------


def test_begins_with_what_was_signed_and_the_champion_stays(canary, pair, workspace, now):
    first, second = pair
    proposal = canary.proposal
    plan = proposal.current_plan

    assert (canary.share, canary.started_at, canary.ends_at, canary.champion) == (
        Decimal("0.1"), now + SOON, now + SOON + WEEK, first,
    )  # fmt: skip
    assert (plan.content["canary_share"], plan.content["canary_days"]) == ("0.1", 7)
    assert proposal.summary.endswith("serve instead of version 1, 10 % of the subjects first")
    assert (serving(workspace), second.stage, proposal.status) == (1, "shadow", "executed")
    assert Promotion.objects.get(proposal=proposal).done_at is None
    (check,) = [line for line in plan.verdict if line["name"] == "canary"]
    assert (check["verdict"], "10 % of the subjects for 7 days" in check["why"]) == ("passed", True)


def test_the_policy_says_how_much_where_nothing_is_asked_for(pair, workspace, operator, now):
    ModelPolicy.objects.create(workspace=workspace, canary_share="0.25", canary_days=3)

    plan = proposed(pair[1], now, "", "").current_plan.content

    assert (plan["canary_share"], plan["canary_days"]) == ("0.25", 3)


def test_what_has_no_subjects_or_nothing_beside_it_serves_all_at_once(workspace, approver, now):
    first = mean_of(workspace, now)
    champion(first, now, approver)
    second = mean_of(workspace, now, meta=2.0)

    plan = proposed(second, now, "", "").current_plan
    alone = proposed(version_of(workspace, now), now, "0.1").current_plan

    for one, words in ((plan, "of the whole workspace"), (alone, "No other version")):
        (check,) = [line for line in one.verdict if line["name"] == "canary"]
        assert one.content["canary_share"] == "1"
        assert (check["verdict"], words in check["why"]) == ("not_applicable", True)
    with pytest.raises(RequestError, match="ROI by channel mean serves plans of the whole") as no:
        proposed(second, now, "0.1")
    assert no.value.field == "canary_share"
    assert second.name == WHOLE


@pytest.mark.parametrize(
    ("share", "days", "field"),
    [
        ("0", 7, "canary_share"), ("1.5", 7, "canary_share"), ("a", 7, "canary_share"),
        ("nan", 7, "canary_share"), ("0.0005", 7, "canary_share"), ("0.1", 0, "canary_days"),
        ("0.1", 61, "canary_days"), ("0.1", "-1", "canary_days"),
    ],
)  # fmt: skip
def test_refuses_shares_and_days_that_make_no_sense(pair, now, share, days, field):
    with pytest.raises(RequestError) as caught:
        proposed(pair[1], now, share, days)
    assert caught.value.field == field


def test_a_smaller_share_is_within_what_was_proposed_and_a_larger_one_is_not(pair, approver, now):
    proposal = proposed(pair[1], now, "0.5")

    less = proposing.edit(
        proposal_id=proposal.pk, changes={"canary_share": "0.2"}, by=approver, now=now
    )
    assert less.current_plan.editor_may_sign
    more = proposing.edit(
        proposal_id=proposal.pk, changes={"canary_share": "0.9"}, by=approver, now=now
    )
    assert not more.current_plan.editor_may_sign


def test_nothing_else_is_promoted_while_a_canary_runs(canary, workspace, approver, now):
    third = version_of(workspace, now)

    waiting = proposed(third, now + HOUR)
    (check,) = [line for line in waiting.current_plan.verdict if line["name"] == "canary"]
    assert (check["verdict"], "canary of version 2 runs" in check["why"]) == ("blocked", True)
    assert advance(workspace=workspace, name=NAME, now=now + HOUR) is None
    assert undoable_ids([canary.proposal]) == set()
    with pytest.raises(StateError, match="Its canary runs"):
        reverting.revert(proposal_id=canary.proposal_id, by=approver, now=now + HOUR)


# --- Ends ----------------------------------------------------------------------------------------


def test_serves_everyone_by_itself_once_its_time_is_up(canary, pair, workspace, approver, now):
    first, second = pair
    assert watch_canary(canary=canary, now=now + WEEK).is_open

    later = now + SOON + WEEK
    assert not watch_canary(canary=canary, now=later).is_open

    first.refresh_from_db()
    second.refresh_from_db()
    promotion = Promotion.objects.get(proposal=canary.proposal)
    assert (canary.outcome, canary.ended_at, canary.ended_by) == ("serves", later, None)
    assert canary.why.startswith("Its time was up. No harm: 0 of its subjects")
    assert (first.stage, second.stage, serving(workspace)) == ("archived", "champion", 2)
    assert (promotion.done_at, promotion.replaced) == (later, first)
    assert (second.promoted_at, second.promoted_by) == (later, approver)
    notice = Notification.objects.get(user=approver, topic="model.canary")
    assert notice.title == "Version 2 of Churn serves everyone"


@pytest.mark.parametrize("is_worse", [True, False])
def test_known_outcomes_decide(canary, workspace, approver, now, is_worse):
    answered(canary, now, known=400, is_worse=is_worse)

    watch_canary(canary=canary, now=now + DAY)

    assert (canary.seen["known"], canary.seen["answers"]) == (400, 400)
    assert (canary.seen["gain"] < -0.05) == is_worse
    assert canary.is_open == (not is_worse)
    if is_worse:
        assert canary.outcome == "harmed"
        assert canary.why.startswith("It errs more: on 400 subjects that it answered its log loss")
        assert (serving(workspace), canary.version.stage) == (1, "archived")
        assert fresh(canary.proposal).status == Status.REVERTED
        notice = Notification.objects.get(user=approver, topic="model.canary")
        assert notice.body.endswith("Version 1 answers all again.")


def test_users_whom_one_of_both_learnt_from_say_nothing(canary, workspace, now):
    users = drawn(200)
    installs = installs_of(workspace, 200, (now - 90 * DAY).date())
    score(canary.champion, installs, users.sharp, users.came)
    told(
        canary.version, PredictionRole.CANARY, [one.user_id for one in installs], users.dim,
        canary.started_at,
    )  # fmt: skip

    watch_canary(canary=canary, now=now + DAY)

    assert (canary.seen["known"], canary.is_open) == (0, True)


def test_without_outcomes_answers_that_are_spread_otherwise_end_it(canary, pair, now):
    first, second = pair
    rng = np.random.default_rng(4)
    names = [f"x{place}" for place in range(300)]
    told(first, PredictionRole.CHAMPION, names, rng.beta(2, 5, 300), now + HOUR)
    told(second, PredictionRole.CANARY, names, rng.beta(5, 2, 300), now + HOUR)

    watch_canary(canary=canary, now=now + DAY)

    assert canary.outcome == "harmed"
    assert "spread otherwise than the champion's" in canary.why


def test_failures_and_a_lost_artefact_end_it(pair, approver, now):
    first, second = pair
    canary = canary_of(second, now, approver, share="0.1")
    Canary.objects.filter(pk=canary.pk).update(failures=6)
    watch_canary(canary=canary, now=now + DAY)
    assert canary.why == "It could not answer 6 of 6 rows, which the champion could."

    third = version_of(first.workspace, now)
    other = canary_of(third, now + 2 * DAY, approver, share="0.1")
    spoil(third)
    watch_canary(canary=other, now=now + 3 * DAY)
    assert other.outcome == "harmed"
    assert "no longer has its checksum" in other.why


def test_the_kill_switch_keeps_it_from_serving_everyone(canary, workspace, operator, approver, now):
    later = now + SOON + WEEK
    brake.pull(workspace=workspace, by=operator, reason="Odd.", now=now)

    assert watch_canary(canary=canary, now=later).is_open
    with pytest.raises(StateError, match="kill switch is on"):
        serve_everybody(workspace=workspace, name=NAME, by=approver, now=later)
    brake.release(workspace=workspace, by=approver, reason="Fine.", now=later)
    assert not watch_canary(canary=canary, now=later).is_open
    assert serving(workspace) == 2


def test_an_approver_need_not_wait(canary, pair, workspace, operator, approver, now):
    say = {"workspace": workspace, "name": NAME, "now": now + HOUR}
    with pytest.raises(NotAllowedError, match="role of approver"):
        serve_everybody(by=operator, **say)
    with pytest.raises(StateError, match="canary of version 2 runs now, not the one you saw"):
        serve_everybody(by=approver, shown=pair[0].public_id, **say)
    assert serving(workspace) == 1

    assert serve_everybody(by=approver, shown=pair[1].public_id, **say) == pair[1]

    canary.refresh_from_db()
    assert (serving(workspace), canary.outcome, canary.ended_by) == (2, "serves", approver)
    with pytest.raises(StateError, match="No canary of Churn runs"):
        serve_everybody(by=approver, **say)


def test_nobody_lets_a_harmful_one_serve_everyone(canary, workspace, approver, now):
    answered(canary, now, known=400, is_worse=True)

    with pytest.raises(StateError, match="It does not serve everyone: It errs more"):
        serve_everybody(workspace=workspace, name=NAME, by=approver, now=now + HOUR)
    assert serving(workspace) == 1


def test_stops_at_once_and_on_record(canary, pair, workspace, operator, approver, now):
    say = {"workspace": workspace, "name": NAME, "now": now + HOUR}
    with pytest.raises(NotAllowedError, match="role of approver"):
        stop_canary(by=operator, reason="Odd.", **say)
    with pytest.raises(RequestError, match="Say why"):
        stop_canary(by=approver, reason=" ", **say)
    brake.pull(workspace=workspace, by=operator, reason="Odd.", now=now)

    stop_canary(by=approver, reason="Odd scores.", **say)

    canary.refresh_from_db()
    stop = Proposal.objects.get(kind=STOP_KIND, subject_key=f"model:{NAME}")
    assert (stop.status, stop.reason) == ("executed", "Odd scores.")
    assert fresh(canary.proposal).status == Status.REVERTED
    assert (canary.outcome, canary.why, canary.ended_by) == ("stopped", "Odd scores.", approver)
    pair[1].refresh_from_db()
    assert (pair[1].stage, serving(workspace)) == ("archived", 1)
    with pytest.raises(StateError, match="No canary of Churn runs"):
        stop_canary(by=approver, reason="Odd.", **say)


def test_goes_with_the_champion_that_is_rolled_back(pair, workspace, approver, now):
    second = pair[1]
    champion(second, now, approver)
    third = version_of(workspace, now)
    canary = canary_of(third, now + HOUR, approver)

    rollback(workspace=workspace, name=NAME, by=approver, reason="Odd.", now=now + 2 * HOUR)

    canary.refresh_from_db()
    third.refresh_from_db()
    assert (serving(workspace), canary.outcome, third.stage) == (1, "stopped", "archived")
    assert canary.why == "Version 2, beside which it ran, does not serve any more."


# --- Walls in the database -----------------------------------------------------------------------


def _refused(action) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        action()
    return str(caught.value)


def test_database_lets_nothing_answer_that_was_not_signed(pair, workspace, approver, now):
    first, second = pair
    proposal = signed(second, now, approver, share="0.1")
    values = {
        "workspace": workspace, "version": second, "champion": first, "proposal": proposal,
        "name": NAME, "share": "0.1", "started_at": now, "ends_at": now + WEEK,
    }  # fmt: skip

    assert "by a signed proposal only" in _refused(lambda: Canary.objects.create(**values))
    run_due(now + SOON)
    canary = Canary.objects.get()
    for change in ({"share": "0.9"}, {"ends_at": now + DAY}, {"version": first}):
        assert "Cannot update" in _refused(
            lambda change=change: Canary.objects.filter(pk=canary.pk).update(**change)
        )
    assert "Cannot delete" in _refused(lambda: Canary.objects.filter(pk=canary.pk).delete())
    ended = {"ended_at": now, "outcome": "stopped", "why": ""}
    assert "mlops_canary_ended" in _refused(
        lambda: Canary.objects.filter(pk=canary.pk).update(**ended)
    )
    Canary.objects.filter(pk=canary.pk).update(**{**ended, "why": "Odd."})
    assert "does not change" in _refused(
        lambda: Canary.objects.filter(pk=canary.pk).update(ended_at=None, outcome="", why="")
    )


def test_database_holds_one_open_canary_with_no_more_than_was_signed(canary, pair, workspace, now):
    third = version_of(workspace, now)
    values = {
        "workspace": workspace, "version": third, "champion": pair[0], "name": NAME,
        "share": "0.1", "started_at": now, "ends_at": now + WEEK, "proposal": canary.proposal,
    }  # fmt: skip

    assert "by a signed proposal only" in _refused(lambda: Canary.objects.create(**values))
    own = {**values, "version": pair[1]}
    assert "by a signed proposal only" in _refused(
        lambda: Canary.objects.create(**{**own, "share": "0.2"})
    )
    assert "by a signed proposal only" in _refused(
        lambda: Canary.objects.create(**{**own, "name": "ltv"})
    )
    with (
        pytest.raises(IntegrityError, match=r"mlops_canary_(one_open|proposal)"),
        transaction.atomic(),
    ):
        Canary.objects.create(**own)


@pytest.mark.django_db(transaction=True)
def test_its_end_and_a_stop_at_once_leave_one_champion(canary, workspace, approver, now):
    later = now + SOON + WEEK
    racing = [
        InThread(lambda: watch_canary(canary=Canary.objects.get(), now=later)),
        InThread(
            lambda: stop_canary(
                workspace=workspace, name=NAME, by=approver, reason="Odd.", now=later
            )
        ),
        InThread(lambda: serve_everybody(workspace=workspace, name=NAME, by=approver, now=later)),
    ]
    ends = [one.outcome() for one in racing]

    assert [
        one for one in ends if isinstance(one, Exception) and not isinstance(one, StateError)
    ] == []
    assert ModelVersion.objects.filter(stage="champion").count() == 1
    canary.refresh_from_db()
    assert canary.outcome in ("serves", "stopped")
    assert serving(workspace) == (2 if canary.outcome == "serves" else 1)
