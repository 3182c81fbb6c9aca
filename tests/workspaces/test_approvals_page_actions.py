"""What people do on the queue page: every action, who may, and on which plan."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.workspaces import note_kind
from tests.workspaces.factories import ExchangeRateFactory
from tests.workspaces.note_kind import NoteKind, written
from workspaces import gate, panels
from workspaces.gate import Outcome, Proposer
from workspaces.models import KillSwitchEvent, Proposal, Signature, Status, Workspace
from workspaces.panels import EditField, KindPanel
from workspaces.services import brake, delegation, execution, proposing
from workspaces.services.signing import sign
from workspaces.views.approvals.bulk import totals_of

MACHINE = Proposer.model("sampler", "v1")
HTMX = {"HX-Request": "true", "HX-Target": "drawer"}


@pytest.fixture
def note():
    handlers, looks = dict(gate._handlers), dict(panels._panels)
    panels.register_panel(
        KindPanel("note", edit_field=lambda p: EditField("text", "Text", p.request["text"]))
    )
    yield note_kind.install()
    gate._handlers.clear()
    gate._handlers.update(handlers)
    panels._panels.clear()
    panels._panels.update(looks)


@pytest.fixture
def now() -> datetime:
    """Pages read the clock themselves, so these proposals are made at its time."""
    return timezone.now()


@pytest.fixture
def propose(note, workspace, now):
    def build(page: str = "1", **options: object) -> Proposal:
        options = {"proposer": MACHINE, "request": {"page": page, "text": "hello"}, **options}
        return proposing.propose(
            workspace=workspace, kind="note", reason="Because.", now=now, **options
        )

    return build


def _post(client, proposal: Proposal, action: str, headers=HTMX, **fields: object):
    form = {
        "workspace": proposal.workspace.public_id,
        "plan_sha256": proposal.current_plan.sha256,
        **fields,
    }
    return client.post(f"/approvals/{proposal.public_id}/{action}/", form, headers=headers)


def _status(proposal: Proposal) -> str:
    return Proposal.objects.get(pk=proposal.pk).status


def _executed(proposal: Proposal, by, now: datetime) -> Proposal:
    sign(proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=by, now=now)
    execution.execute_due(worker="w", clock=lambda: now)
    proposal.refresh_from_db()
    return proposal


def test_signing_answers_with_the_changed_row(propose, workspace, approver, client_as):
    proposal = propose()
    target = {"HX-Request": "true", "HX-Target": f"row-{proposal.public_id}"}

    response = _post(client_as(approver), proposal, "sign", headers=target)

    assert response.status_code == 200
    assert response.text.strip().startswith(f'<tr id="row-{proposal.public_id}"')
    assert "Signed, waiting to execute" in response.text
    assert _status(proposal) == Status.APPROVED


def test_signing_in_the_drawer_changes_row_and_panel(propose, approver, client_as):
    proposal = propose()

    response = _post(client_as(approver), proposal, "sign")

    assert f'data-panel="{proposal.public_id}"' in response.text
    assert 'hx-swap-oob="true"' in response.text
    assert "Withdraw my signature" in response.text


def test_signing_without_scripts_leads_back_to_the_page(propose, approver, client_as):
    proposal = propose()

    response = _post(client_as(approver), proposal, "sign", headers={})

    assert response.status_code == 302
    assert response["Location"] == f"/approvals/{proposal.public_id}/"
    assert _status(proposal) == Status.APPROVED


@pytest.mark.parametrize(
    ("action", "persona", "status"),
    [
        ("sign", "viewer", 403),
        ("sign", "agent", 403),
        ("sign", "operator", 403),
        ("reject", "operator", 403),
        ("edit", "operator", 403),
        ("cancel", "operator", 403),
        ("snooze", "agent", 403),
        ("undo", "agent", 403),
        ("tick", "agent", 403),
        ("retry", "agent", 403),
        ("withdraw", "approver", 409),
        ("sign", "outsider", 409),
    ],
)
def test_who_may_not(propose, client_as, request, action, persona, status):
    proposal = propose()
    client = client_as(request.getfixturevalue(persona))

    response = _post(client, proposal, action, why="x", value="other", hours="1")

    assert response.status_code == status
    assert _status(proposal) == Status.PENDING
    assert Proposal.objects.count() == 1
    assert not Signature.objects.exists()


def test_other_workspaces_proposal_does_not_exist(propose, outsider, other_workspace, client_as):
    proposal = propose()
    form = {"workspace": other_workspace.public_id, "plan_sha256": proposal.current_plan.sha256}

    response = client_as(outsider).post(f"/approvals/{proposal.public_id}/sign/", form)

    assert response.status_code == 404
    assert _status(proposal) == Status.PENDING


def test_form_of_another_tabs_workspace_is_refused(propose, approver, other_workspace, client_as):
    proposal = propose()
    client = client_as(approver)

    switched = _post(client, proposal, "sign", workspace=other_workspace.public_id)
    unnamed = _post(client, proposal, "sign", workspace="")
    read = client.get("/approvals/", headers={"X-Workspace": str(other_workspace.public_id)})

    assert (switched.status_code, unnamed.status_code, read.status_code) == (409, 400, 409)
    assert "You switched workspace in another tab" in switched.text
    assert switched["HX-Retarget"] == "#notes"
    assert _status(proposal) == Status.PENDING


@pytest.mark.parametrize(
    "action", ["sign", "reject", "edit", "snooze", "withdraw", "cancel", "undo", "retry", "tick"]
)
def test_every_action_on_another_plan_is_409_with_the_fresh_diff(
    propose, approver, admin, client_as, now, action
):
    proposal = propose()
    shown = proposal.current_plan.sha256
    proposing.edit(proposal_id=proposal.pk, changes={"text": "fresh"}, by=admin, now=now)

    response = _post(
        client_as(approver), proposal, action, plan_sha256=shown, why="x", value="y", hours="1"
    )

    assert response.status_code == 409
    assert "updated after you opened it" in response.text
    assert "fresh" in response.text
    assert _status(proposal) == Status.PENDING
    assert not Signature.objects.exists()


def test_double_decision_is_refused_naming_who_was_first(propose, approver, admin, client_as, now):
    proposal = propose()
    sign(proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=admin, now=now)

    response = _post(client_as(approver), proposal, "reject", why="Too late.")

    assert response.status_code == 409
    assert f"decided already by {admin}" in response.text
    assert _status(proposal) == Status.APPROVED


def test_rejecting_needs_a_reason(propose, approver, client_as):
    proposal = propose()
    client = client_as(approver)

    assert _post(client, proposal, "reject", why=" ").status_code == 400
    assert _status(proposal) == Status.PENDING

    assert _post(client, proposal, "reject", why="Too much.").status_code == 200
    proposal.refresh_from_db()
    assert (proposal.status, proposal.decision_reason) == (Status.REJECTED, "Too much.")


def test_first_of_two_signers_may_still_reject(propose, note, approver, client_as):
    note.signatures = 2
    proposal = propose()
    client = client_as(approver)
    _post(client, proposal, "sign")

    assert _post(client, proposal, "reject", why="On second thought.").status_code == 200

    assert _status(proposal) == Status.REJECTED
    assert Signature.objects.get(decision="approve").withdrawn_at is not None


def test_editing_shows_both_versions(propose, approver, client_as):
    proposal = propose()

    response = _post(client_as(approver), proposal, "edit", value="hi", why="Shorter.")

    proposal.refresh_from_db()
    assert proposal.current_plan.content["after"] == "hi"
    assert "<del>hello</del> → <ins>hi</ins>" in response.text
    assert "edited by" in response.text


def test_bad_value_is_named(propose, approver, client_as):
    proposal = propose()

    response = _post(client_as(approver), proposal, "edit", value="")

    assert response.status_code == 400
    assert "Write something." in response.text
    assert proposal.plans.count() == 1


def test_snoozing(propose, operator, client_as, now):
    proposal = propose()
    client = client_as(operator)

    assert _post(client, proposal, "snooze", hours="9000").status_code == 400
    assert _post(client, proposal, "snooze", hours="4").status_code == 200
    proposal.refresh_from_db()
    assert timedelta(hours=3) < proposal.snoozed_until - now < timedelta(hours=5)


def test_withdrawing_and_cancelling(propose, approver, client_as):
    proposal = propose()
    client = client_as(approver)
    _post(client, proposal, "sign")

    assert _post(client, proposal, "withdraw").status_code == 200
    assert _status(proposal) == Status.PENDING
    assert _post(client, proposal, "cancel", why="No more.").status_code == 200
    assert _status(proposal) == Status.CANCELLED


def test_undo_is_a_new_proposal_shown_at_once(propose, approver, operator, client_as, now):
    proposal = _executed(propose(), approver, now)

    response = _post(client_as(operator), proposal, "undo", why="It was wrong.")

    inverse = Proposal.objects.get(reverts=proposal)
    assert inverse.status == Status.PENDING
    assert inverse.reason == "It was wrong."
    assert f'data-panel="{inverse.public_id}"' in response.text
    assert _status(proposal) == Status.EXECUTED


def test_failed_change_is_tried_again_as_a_new_proposal(
    propose, note: NoteKind, approver, operator, client_as, now
):
    note.call = lambda plan: Outcome("refused", "The page is locked.")
    proposal = _executed(propose(), approver, now)
    assert "The page is locked." in client_as(operator).get("/approvals/?tab=failed").text

    assert _post(client_as(operator), proposal, "retry").status_code == 200

    again = Proposal.objects.latest("pk")
    assert (again.status, again.request) == (Status.PENDING, proposal.request)
    assert again.proposed_by == operator
    assert _status(proposal) == Status.FAILED


def test_change_by_hand_is_ticked_off(propose, note, approver, operator, client_as, now):
    note.by_hand = True
    proposal = propose()
    sign(proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=now)
    client = client_as(operator)
    assert "Tick off as done" in client.get(f"/approvals/{proposal.public_id}/").text

    assert _post(client, proposal, "tick", why="Done in Ads Manager.").status_code == 200
    assert _status(proposal) == Status.EXECUTED


def test_unknown_action_is_404(propose, approver, client_as):
    assert _post(client_as(approver), propose(), "explode").status_code == 404


def _bulk(client, workspace: Workspace, picks: list[str], decision: str = "sign", **fields):
    form = {"workspace": workspace.public_id, "do": decision, "pick": picks, **fields}
    return client.post("/approvals/bulk/", form)


def _pick(proposal: Proposal) -> str:
    return f"{proposal.public_id}:{proposal.current_plan.sha256}"


def test_bulk_asks_once_and_then_signs_what_was_shown(
    propose, workspace, approver, admin, client_as, now
):
    first, second, third = (propose(page) for page in "123")
    picks = [_pick(p) for p in (first, second, third)]
    client = client_as(approver)

    asked = _bulk(client, workspace, picks)
    assert "Sign 3 changes?" in asked.text
    assert {_status(p) for p in (first, second, third)} == {Status.PENDING}

    proposing.edit(proposal_id=third.pk, changes={"text": "hey"}, by=admin, now=now)
    done = _bulk(client, workspace, picks, confirmed="yes", state="tab=waiting&open=x")

    assert done["Location"] == "/approvals/?tab=waiting"
    page = client.get(done["Location"]).text
    assert "2 changes signed." in page
    assert "Page 3: not signed. This change was updated" in page
    assert [_status(p) for p in (first, second, third)] == ["approved", "approved", "pending"]


def test_bulk_reject_needs_a_reason(propose, workspace, approver, client_as):
    proposal = propose()
    client = client_as(approver)

    refused = _bulk(client, workspace, [_pick(proposal)], "reject", confirmed="yes")
    assert refused.status_code == 400
    assert _status(proposal) == Status.PENDING

    _bulk(client, workspace, [_pick(proposal)], "reject", confirmed="yes", why="All wrong.")
    assert _status(proposal) == Status.REJECTED


@pytest.mark.parametrize(
    ("picks", "decision", "status"),
    [([], "sign", 400), (["junk"], "sign", 400), (["x"], "burn", 400)],
)
def test_bulk_refuses_nonsense(workspace, approver, client_as, picks, decision, status):
    assert _bulk(client_as(approver), workspace, picks, decision).status_code == status


def test_bulk_needs_an_approver(propose, workspace, operator, client_as):
    proposal = propose()

    response = _bulk(client_as(operator), workspace, [_pick(proposal)], confirmed="yes")

    assert response.status_code == 403
    assert _status(proposal) == Status.PENDING


def test_bulk_never_reaches_another_workspace(propose, outsider, other_workspace, client_as):
    proposal = propose()

    _bulk(client_as(outsider), other_workspace, [_pick(proposal)], confirmed="yes")

    assert _status(proposal) == Status.PENDING


def _moves(*moves: tuple[str, str, str]) -> list[Proposal]:
    """Unsaved proposals that move daily budgets: before, after, currency."""
    template = '{{"operation":"set_daily_budget","before":"{}","after":"{}","currency":"{}"}}'
    plans = [gate.Plan(body=template.format(*move)) for move in moves]
    return [Proposal(current_plan=plan, risk="low") for plan in plans]


def test_totals_are_in_the_workspaces_currency(workspace, now):
    ExchangeRateFactory(workspace=workspace, day=now.date(), rate="1.10")

    totals = totals_of(workspace, _moves(("100", "350", "USD"), ("100", "60", "EUR")), now)

    assert totals.amounts == ("+$206.00",)
    assert totals.is_complete


def test_unlike_money_is_never_added(workspace, now):
    totals = totals_of(workspace, _moves(("100", "350", "USD"), ("100", "60", "EUR")), now)

    assert totals.amounts == ("+$250.00", "−€40.00")
    assert not totals.is_complete


def test_undo_of_all_since_a_moment(propose, workspace, approver, operator, client_as, now):
    mine = [_executed(propose(page), approver, now) for page in "12"]
    other = _executed(propose("3", proposer=Proposer.model("other", "v1")), approver, now)
    client = client_as(operator)
    since = (now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")

    shown = client.get("/approvals/undo/", {"proposer": "model:sampler", "since": since})
    assert [row.pk for row in shown.context["found"]] == [p.pk for p in reversed(mine)]
    picks = [str(row.public_id) for row in shown.context["found"]]
    form = {"workspace": workspace.public_id, "pick": picks, "why": "Bad day."}
    client.post("/approvals/undo/confirm/", form)

    inverses = list(Proposal.objects.filter(reverts__in=mine))
    assert len(inverses) == 2
    assert len({p.bundle_id for p in inverses}) == 1
    assert not Proposal.objects.filter(reverts=other).exists()
    assert written(workspace) == ["hello"] * 3


def test_undo_of_many_says_what_is_wrong(propose, workspace, operator, agent, client_as):
    client = client_as(operator)

    bad_moment = client.get("/approvals/undo/", {"proposer": "x", "since": "yesterday"})
    assert bad_moment.status_code == 400
    nothing = client.post("/approvals/undo/confirm/", {"workspace": workspace.public_id})
    assert nothing.status_code == 400
    assert client_as(agent).get("/approvals/undo/").status_code == 403


def test_execution_says_why_and_when(propose, note, workspace, approver, viewer, client_as, now):
    later = now + timedelta(hours=3)
    proposal = propose()
    sign(proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=now)
    Proposal.objects.filter(pk=proposal.pk).update(
        execute_after=later, waiting_for="Velocity: 20 % in 6 h."
    )

    text = client_as(viewer).get("/approvals/execution/", headers=HTMX).text

    assert "Velocity: 20 % in 6 h." in text
    assert f"{later:%H:%M:%S}" in text


def test_kill_switch_is_pulled_and_released_from_the_header(
    workspace, operator, approver, client_as
):
    form = {"workspace": workspace.public_id, "next": "/approvals/?tab=done"}
    client = client_as(operator)
    assert "Stop everything" in client.get("/approvals/").text

    pulled = client.post("/kill-switch/", {**form, "do": "pull", "reason": "Prices wrong"})
    assert pulled["Location"] == "/approvals/?tab=done"
    workspace.refresh_from_db()
    assert workspace.kill_switch
    refused = client.post("/kill-switch/", {**form, "do": "release", "reason": "Fixed"})
    assert refused.status_code == 403

    client_as(approver).post("/kill-switch/", {**form, "do": "release", "reason": "Fixed"})
    workspace.refresh_from_db()
    assert not workspace.kill_switch
    assert KillSwitchEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("persona", "reason", "status"), [("viewer", "x", 403), ("operator", " ", 400)]
)
def test_kill_switch_refuses(workspace, client_as, request, persona, reason, status):
    client = client_as(request.getfixturevalue(persona))
    form = {"workspace": workspace.public_id, "do": "pull", "reason": reason}

    assert client.post("/kill-switch/", form).status_code == status
    workspace.refresh_from_db()
    assert not workspace.kill_switch


def test_whoever_may_release_sees_the_form(workspace, operator, approver, client_as):
    """A rank that was lent counts for the page as it does for the release itself."""
    brake.pull(workspace=workspace, by=operator, reason="Prices wrong", now=timezone.now())
    client = client_as(operator)
    assert "An approver can release it." in client.get("/approvals/").text

    delegation.delegate(
        workspace=workspace,
        giver=approver,
        taker=operator,
        ends_at=timezone.now() + timedelta(days=1),
        now=timezone.now(),
    )

    for path in ("/approvals/", "/campaigns/"):
        page = client.get(path).text
        assert 'id="release-reason"' in page
        assert "An approver can release it." not in page
    form = {"workspace": workspace.public_id, "do": "release", "reason": "Fixed"}
    assert client.post("/kill-switch/", form).status_code == 302
    workspace.refresh_from_db()
    assert not workspace.kill_switch


def test_kill_switch_never_leads_to_another_site(workspace, operator, client_as):
    form = {"workspace": workspace.public_id, "do": "pull", "reason": "x", "next": "//evil.example"}

    assert client_as(operator).post("/kill-switch/", form)["Location"] == "/approvals/"
