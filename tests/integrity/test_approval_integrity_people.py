"""Approval integrity, people: whose signature counts, and until when it is his own (A7–A12)."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.models import AdSet
from tests.api.conftest import key_client
from tests.campaigns.change_steps import ad_set_in, connected, days, policy_of
from tests.integrity import doors
from tests.integrity.test_approval_integrity import assert_unsigned
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import fresh, raw_signature, sign
from tests.workspaces.note_kind import written
from workspaces.gate import Proposer, Reading
from workspaces.models import Delegation, Membership, Proposal, Signature, Status
from workspaces.roles import Role
from workspaces.services import execution, proposing

at_each_signing_door = pytest.mark.parametrize("door", doors.SIGN)
at_each_withdrawing_door = pytest.mark.parametrize("door", doors.WITHDRAW)

# What a proposer would like to say about his own proposal.
WISHES = {
    "risk": "low", "rank": "viewer", "rank_required": "viewer", "signatures": 0,
    "signatures_required": 0, "policy": "none", "policy_version": "mine", "policy_may_sign": True,
    "by_hand": True, "checks": [], "is_blocked": False, "confidence": "1",
}  # fmt: skip
JUDGED = ("risk", "rank_required", "signatures_required", "policy_version", "policy_may_sign")


def _sha(proposal: Proposal) -> str:
    return proposal.current_plan.sha256


def _verdict(proposal: Proposal) -> list[object]:
    plan = fresh(proposal).current_plan
    checks = {check["name"]: check["verdict"] for check in plan.verdict}
    return [*(getattr(plan, name) for name in JUDGED), checks]


# --- A7: the policy comes from the subject -----------------------------------------------------


@pytest.fixture
def ad_set(workspace) -> AdSet:
    """An ad set with a month of figures, under a policy."""
    policy_of(workspace)
    found = ad_set_in(connected(workspace))
    days(found.account, [found], until=timezone.now().date() - timedelta(days=1))
    return found


def _change(ad_set: AdSet, value: str = "105") -> dict[str, str]:
    return {
        "entity_type": "adset",
        "entity": str(ad_set.public_id),
        "change_type": "budget",
        "value": value,
    }


def test_a7_rest_refuses_policy_words_beside_the_request(ad_set, operator):
    client = doors.rest(operator)
    generic = {"kind": "ad_change", "request": _change(ad_set), "reason": "r"}
    ours = {**_change(ad_set), "entity_id": str(ad_set.public_id), "reason": "r"}
    del ours["entity"]

    for wish, value in WISHES.items():
        for path, body in (("proposals", generic), ("pending-ad-changes", ours)):
            answer = client.post(f"/api/{path}/", {**body, wish: value}, format="json")
            assert answer.status_code == 400
            assert [error["field"] for error in answer.json()["errors"]] == [wish]

    assert not Proposal.objects.exists()


def test_a7_rest_words_inside_the_request_decide_nothing(ad_set, operator, now):
    plain = _propose(ad_set, _change(ad_set), now)
    expected, body = _verdict(plain), plain.current_plan.content
    Proposal.objects.filter(pk=plain.pk).update(status="cancelled")

    answer = doors.rest(operator).post(
        "/api/proposals/",
        {"kind": "ad_change", "request": {**WISHES, **_change(ad_set)}, "reason": "r"},
        format="json",
    )

    assert answer.status_code == 202
    made = Proposal.objects.get(public_id=answer.json()["id"])
    assert _verdict(made) == expected
    assert made.current_plan.content == body
    assert_unsigned(made)


def test_a7_page_words_in_the_form_decide_nothing(ad_set, operator, now):
    plain = _propose(ad_set, _change(ad_set), now)
    expected = _verdict(plain)
    Proposal.objects.filter(pk=plain.pk).update(status="cancelled")
    form = {
        **WISHES, "workspace": ad_set.workspace.public_id, "change_type": "budget",
        "value": "105", "reason": "r",
    }  # fmt: skip

    doors.browser(operator).post(f"/campaigns/adset/{ad_set.public_id}/propose/", form)

    made = Proposal.objects.latest("pk")
    assert made.proposed_by == operator
    assert _verdict(made) == expected
    assert_unsigned(made)


def test_a7_rest_evidence_never_covers_the_figures_of_the_kind(ad_set, operator, now):
    own = _propose(ad_set, _change(ad_set), now).current_plan.evidence
    Proposal.objects.update(status="cancelled")
    forged = {"days": ["2026-01-01"], "series": {"spend": ["1.00"]}, "note": "Trust me."}
    body = {"kind": "ad_change", "request": _change(ad_set), "reason": "r", "evidence": forged}

    shown = doors.rest(operator).post("/api/proposals/", body, format="json").json()

    evidence = Proposal.objects.get(public_id=shown["id"]).current_plan.evidence
    assert evidence == {**own, "note": "Trust me."}


@pytest.mark.parametrize("door", ["rest", "shell"])
def test_a7_edit_cannot_soften_the_policy(door, propose, note, admin, workspace, now):
    note.signatures = 2
    proposal = propose()
    changes = {**WISHES, "text": "other"}

    if door == "rest":
        doors.rest(admin).patch(doors.api_url(proposal), {"request": changes}, format="json")
    else:
        proposing.edit(proposal_id=proposal.pk, changes=changes, by=admin, now=now)

    plan = fresh(proposal).current_plan
    assert (plan.version, plan.signatures_required, plan.rank_required) == (2, 2, Role.APPROVER)
    assert (plan.policy_version, plan.policy_may_sign) == ("note policy v1", False)


def test_a7_shell_services_take_no_policy():
    words = {*WISHES, "force", "status", "skip_checks", "verdict", "judgement"}

    for service in (proposing.propose, proposing.edit, doors.signing.sign, doors.reverting.revert):
        assert not words & set(inspect.signature(service).parameters)


def _propose(ad_set: AdSet, request: dict[str, str], now) -> Proposal:
    return proposing.propose(
        workspace=ad_set.workspace,
        kind="ad_change",
        request=request,
        proposer=Proposer.model("sampler", "v1"),
        reason="r",
        now=now,
    )


# --- A8: the proposer's own signature does not count -------------------------------------------


@at_each_signing_door
def test_a8_proposer_does_not_sign(door, propose, admin, workspace):
    proposal = propose(proposer=Proposer.person(admin))

    said = doors.SIGN[door](admin, proposal, _sha(proposal))

    assert "another person has to sign it" in said
    assert_unsigned(proposal)
    assert written(workspace) == []


@at_each_signing_door
def test_a8_editor_beyond_the_proposed_value_does_not_sign(door, propose, admin, now):
    proposal = propose()
    longer = {"text": "much longer than it was"}
    proposal = proposing.edit(proposal_id=proposal.pk, changes=longer, by=admin, now=now)

    said = doors.SIGN[door](admin, proposal, _sha(proposal))

    assert "You edited this, so another person" in said
    assert_unsigned(proposal)


def test_a8_rest_key_proposes_and_signs_as_one_person(note, workspace, approver):
    key = key_client(workspace, ["changes:propose", "changes:sign"], acts_as=approver)
    body = {"kind": "note", "request": {"page": "1", "text": "x"}, "reason": "r"}
    key.post("/api/proposals/", body, format="json")
    proposal = fresh(Proposal.objects.get())

    for door in doors.SIGN.values():
        assert "another person has to sign it" in door(approver, proposal, _sha(proposal))
    assert_unsigned(proposal)


def test_a8_shell_row_of_the_proposers_signature_is_refused(propose, admin, now):
    proposal = propose(proposer=Proposer.person(admin))

    with pytest.raises(IntegrityError, match="who proposed cannot sign"), transaction.atomic():
        raw_signature(proposal.current_plan, admin, rank_held="admin")

    assert_unsigned(proposal)


def test_a8_task_runs_no_proposal_for_its_proposer_being_an_admin(propose, admin, workspace):
    proposal = propose(proposer=Proposer.person(admin))

    assert_unsigned(proposal)
    assert written(workspace) == []


# --- A10: rank matters -------------------------------------------------------------------------


@at_each_signing_door
def test_a10_two_operators_are_not_one_approver(door, propose, operator, workspace):
    proposal = propose()
    second = MembershipFactory(workspace=workspace, role="operator").user

    for person in (operator, second):
        said = doors.SIGN[door](person, proposal, _sha(proposal))
        assert "needs the role of approver" in said

    assert_unsigned(proposal)


@at_each_signing_door
def test_a10_where_two_sign_one_person_signs_once(door, propose, note, approver, workspace):
    note.signatures = 2
    proposal = propose()

    doors.SIGN[door](approver, proposal, _sha(proposal))
    said = doors.SIGN[door](approver, proposal, _sha(proposal))

    assert "You have signed this already" in said
    doors.run_tasks()
    assert fresh(proposal).status == Status.PENDING
    assert fresh(proposal).current_plan.signatures.count() == 1
    assert written(workspace) == []


@pytest.mark.parametrize("door", ["page", "admin", "rest_bulk", "shell"])
def test_a10_admins_rank_is_not_reached_by_approvers(door, propose, note, approver, workspace):
    note.rank = Role.ADMIN
    proposal = propose()

    said = doors.SIGN[door](approver, proposal, _sha(proposal))

    assert "needs the role of admin" in said
    assert_unsigned(proposal)


def test_a10_key_has_the_rank_that_its_person_holds_now(propose, approver, workspace):
    proposal = propose()
    key = key_client(workspace, ["changes:sign"], acts_as=approver)
    Membership.objects.filter(user=approver).update(role="operator")

    answer = key.post(
        doors.api_url(proposal, "sign"), {"plan_sha256": _sha(proposal)}, format="json"
    )

    assert answer.status_code == 403
    assert_unsigned(proposal)


def test_a10_proposer_lends_nobody_the_rank_to_sign_his_own(
    propose, approver, operator, workspace, now
):
    proposal = propose(proposer=Proposer.person(approver))
    Delegation.objects.create(
        workspace=workspace, giver=approver, taker=operator, starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=1),
    )  # fmt: skip

    said = doors.sign_via_shell(operator, proposal, _sha(proposal))

    assert "needs the role of approver" in said
    with pytest.raises(IntegrityError, match="does not hold the rank"), transaction.atomic():
        raw_signature(proposal.current_plan, operator)
    assert_unsigned(proposal)


def test_a10_shell_row_with_a_borrowed_title_is_refused(propose, operator):
    proposal = propose()

    for title, why in (("operator", "needs the rank"), ("approver", "does not hold the rank")):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            raw_signature(proposal.current_plan, operator, rank_held=title)

    assert_unsigned(proposal)


# --- A11: what is stale is planned again, and says what changed --------------------------------


@pytest.fixture
def stale(propose, note, approver, now) -> Proposal:
    """Signed; then the live value moved, and the task that was to execute it met that."""
    proposal = sign(propose(), approver, now)
    note.readings = [Reading("other", {"text": "third"})]
    doors.run_tasks()
    return proposal


def test_a11_task_plans_again_from_the_live_value(stale, workspace):
    plan = fresh(stale).current_plan

    assert (plan.content["before"], plan.content["after"]) == ("third", "hello")
    assert "live value changed" in plan.why
    assert_unsigned(stale)
    assert written(workspace) == []


def test_a11_page_shows_what_changed(stale, approver):
    shown = doors.browser(approver).get(doors.page_url(stale)).text

    assert "<del>blank</del> → <ins>third</ins>" in shown
    assert "The live value changed since it was signed." in shown


def test_a11_rest_shows_what_changed(stale, approver):
    shown = doors.rest(approver).get(doors.api_url(stale)).json()

    assert (shown["plan"]["version"], shown["plan"]["body"]["before"]) == (2, "third")
    assert "live value changed" in shown["plan"]["why"]
    assert [attempt["outcome"] for attempt in shown["tries"]] == ["drift"]


@pytest.mark.parametrize("door", ["page", "rest", "rest_key"])
def test_a11_stale_signature_is_answered_with_the_fresh_diff(door, stale, admin):
    said = doors.SIGN[door](admin, stale, _sha(stale))

    assert "was updated after you opened it" in said
    assert "third" in said
    assert_unsigned(stale)


def test_a11_admin_shows_the_fresh_diff_before_it_signs(stale, admin, workspace):
    form = {
        "workspace": workspace.public_id, "action": "sign_selected",
        "_selected_action": [stale.pk],
    }  # fmt: skip

    shown = doors.browser(admin).post(doors.ADMIN, form).text

    assert "third → hello" in shown
    assert f"{stale.pk}:{_sha(fresh(stale))}" in shown


def test_a11_fresh_plan_runs_once_it_is_signed(stale, approver, workspace):
    doors.sign_via_page(approver, stale, _sha(fresh(stale)))
    doors.run_tasks()

    assert written(workspace) == ["hello"]


# --- A12: a signature can be withdrawn until execution starts ----------------------------------


@at_each_withdrawing_door
def test_a12_withdrawn_signature_stops_it(door, propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)

    doors.WITHDRAW[door](approver, proposal)

    assert_unsigned(proposal)
    assert Signature.objects.get().withdrawn_at is not None
    assert written(workspace) == []


@at_each_withdrawing_door
def test_a12_others_signature_is_not_withdrawn(door, propose, approver, admin, now):
    proposal = sign(propose(), approver, now)

    said = doors.WITHDRAW[door](admin, proposal)

    assert "You have no signature on the current version" in said
    assert fresh(proposal).status == Status.APPROVED


@at_each_withdrawing_door
def test_a12_once_execution_started_it_is_too_late(door, propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    execution.claim(worker="w", now=timezone.now())

    said = doors.WITHDRAW[door](approver, proposal)

    assert "undo it instead" in said
    assert Signature.objects.get().withdrawn_at is None
    assert fresh(proposal).status == Status.EXECUTING


def test_a12_shell_withdraws_until_then_and_the_task_sees_it(propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    Signature.objects.update(withdrawn_at=now)

    assert_unsigned(proposal)
    assert written(workspace) == []


def test_a12_shell_withdraws_nothing_from_a_running_plan(propose, approver, now):
    sign(propose(), approver, now)
    execution.claim(worker="w", now=timezone.now())

    with pytest.raises(IntegrityError, match="too late to withdraw"), transaction.atomic():
        Signature.objects.update(withdrawn_at=now)
