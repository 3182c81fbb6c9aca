"""Stage values pass the gate: proposed, shown with their effect, signed, written, undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from attribution.models import StageValueChange, SyntheticRevenueConfig
from attribution.selectors.revenue import current_values
from attribution.services.ledger import KnownAmount
from tests.attribution.stage_steps import document, installed, moved
from tests.campaigns.change_steps import policy_of
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces import gate
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Proposal, Risk, Status
from workspaces.selectors_undo import undoable_ids
from workspaces.services import proposing, reverting

LATER = timedelta(minutes=5)


@pytest.fixture
def ptd(workspace, now):
    """A workspace with the fitness template."""
    return installed(workspace, now - timedelta(days=9))


@pytest.fixture
def ask(operator, now):
    """Propose stage values as an operator."""

    def build(workspace, **request) -> Proposal:
        return proposing.propose(
            workspace=workspace, kind="stage_values", request=request, reason="Data says so.",
            proposer=Proposer.person(operator), now=now,
        )  # fmt: skip

    return build


def _carried_out(proposal: Proposal, approver, now) -> Proposal:
    sign(proposal, approver, now)
    run_due(now + LATER)
    return fresh(proposal)


def _value(workspace, now, key: str = "show_up") -> Decimal:
    return current_values(workspace=workspace, now=now + LATER).stage(key).value


def test_nothing_changes_before_it_is_signed_and_then_a_new_version_holds(
    ptd, ask, operator, approver, now
):
    proposal = ask(ptd, values=document(show_up="9500"))
    run_due(now + LATER)
    assert _value(ptd, now) == 9000
    assert proposal.summary == "Value stages anew: Show-up 9,000 → 9,500"

    done = _carried_out(proposal, approver, now)

    assert done.status == Status.EXECUTED
    assert _value(ptd, now) == 9500
    newest = SyntheticRevenueConfig.objects.get(version=2)
    assert (newest.proposal, newest.created_by) == (done, operator)
    assert newest.created_by_label == str(operator)
    assert newest.effective_at == now + LATER


def test_undo_writes_the_earlier_values_as_a_version_of_their_own(ptd, ask, admin, approver, now):
    done = _carried_out(ask(ptd, values=document(show_up="9500")), approver, now)

    assert undoable_ids([done]) == {done.pk}
    undo = reverting.revert(proposal_id=done.pk, by=admin, now=now + LATER)
    assert _value(ptd, now) == 9500
    sign(undo, approver, now + LATER)
    run_due(now + 2 * LATER)

    assert fresh(done).status == Status.REVERTED
    assert current_values(workspace=ptd, now=now + 2 * LATER).stage("show_up").value == 9000
    assert list(SyntheticRevenueConfig.objects.values_list("version", flat=True)) == [1, 2, 3]


def test_first_values_can_be_proposed_but_not_undone(workspace, ask, admin, approver, now):
    done = _carried_out(ask(workspace, template="ecommerce"), approver, now)

    assert done.summary == "Set stage values from the template ecommerce"
    assert SyntheticRevenueConfig.objects.get().template == "ecommerce"
    assert undoable_ids([done]) == set()
    with pytest.raises(StateError, match="no stage values before these"):
        reverting.revert(proposal_id=done.pk, by=admin, now=now + LATER)


def test_values_set_meanwhile_are_drift_and_need_another_signature(workspace, ask, approver, now):
    proposal = sign(ask(workspace, values=document(show_up="9500")), approver, now)
    installed(workspace, now)

    run_due(now + LATER)

    again = fresh(proposal)
    assert again.status == Status.PENDING
    assert again.current_plan.content["before"]["version"] == 1
    assert _value(workspace, now) == 9000


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (document(show_up="2000"), "stages.show_up"),
        (document(show_up="-1"), "stages.show_up"),
        (document(show_up="lots"), "stages.show_up"),
        (document(show_up="1e30"), "stages.show_up"),
        (document(show_up="NaN"), "stages.show_up"),
        (document(), "values"),
        ({**document(), "stages": "x"}, "stages"),
        ({**document(), "stages": [7]}, "stages"),
        ({**document(), "win_rate": "2"}, "win_rate"),
        ({**document(), "win_rate": True}, "win_rate"),
        ({**document(), "stages": [{"key": 7}]}, "stages.1"),
        ({**document(), "stages": [{"key": "a", "outcome": "x"}]}, "stages.a"),
        ({**document(), "stages": [{"key": "a", "order": -1}]}, "stages.a"),
        (None, "values"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(ptd, ask, values, field):
    with pytest.raises(RequestError) as refused:
        ask(ptd, values=values)

    assert refused.value.field == field
    assert not Proposal.objects.exists()


def _ad(workspace, name: str, spend: int, day: str = "2026-11-20"):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, name=name)
    DailyPerformanceFactory(ad=ad, spend=Decimal(spend), day=day)
    return ad


@pytest.fixture
def world(ptd, now):
    """Ads whose deals sit just beside the kill line (0.5) and the scale line (3)."""
    policy_of(ptd)
    weak, strong, calm = (
        _ad(ptd, "Weak", 20_000),
        _ad(ptd, "Strong", 6_000),
        _ad(ptd, "Calm", 9_000),
    )
    moved(ptd, "a", "show_up", now, ad=weak)  # 9000 / 20000 = 0.45
    for name in ("b", "c"):
        moved(ptd, name, "show_up", now, ad=strong)  # 18000 / 6000 = 3.00
    moved(ptd, "d", "closed_won", now, ad=calm, amount=KnownAmount(Decimal(9000), now))
    return weak, strong, calm


def test_what_if_names_ads_that_cross_and_queued_changes_that_flip(ptd, world, ask, operator, now):
    weak, strong, _ = world
    queued = proposing.propose(
        workspace=ptd, kind="ad_change", reason="r", now=now, proposer=Proposer.person(operator),
        request={
            "entity_type": "adset", "entity": str(weak.ad_set.public_id), "change_type": "status",
            "value": "paused",
        },
    )  # fmt: skip

    proposal = ask(ptd, values=document(show_up="10000"))

    change = StageValueChange.objects.get(proposal=proposal)
    assert (change.crossing_ads, change.flipping_changes) == (2, 1)
    assert change.what_if["crossings"] == [
        {
            "ad": str(ad.public_id), "name": ad.name, "spend": spend, "roas_before": before,
            "roas_after": after, "verdict_before": was, "verdict_after": then,
        }
        for ad, spend, before, after, was, then in [
            (weak, "20000.00", "0.45", "0.50", "kill", "hold"),
            (strong, "6000.00", "3.00", "3.33", "hold", "scale"),
        ]
    ]  # fmt: skip
    (flip,) = change.what_if["flips"]
    assert (flip["proposal"], flip["verdict_after"]) == (str(queued.public_id), "hold")
    assert proposal.risk == Risk.HIGH
    assert [check["verdict"] for check in proposal.current_plan.verdict] == ["warning", "warning"]


def test_what_moves_nothing_over_a_line_is_said_so(ptd, world, ask):
    proposal = ask(ptd, values=document(show_up="9001", appointment_scheduled="2000"))

    change = StageValueChange.objects.get(proposal=proposal)
    assert (change.what_if["crossings"][0]["name"], change.crossing_ads) == ("Strong", 1)
    quiet = gate.handler_of("stage_values").make_plan(
        workspace=ptd,
        request={"values": document(appointment_scheduled="2000")},
        now=proposal.created_at,
    )
    assert (quiet.detail["crossing_ads"], quiet.detail["flipping_changes"]) == (0, 0)


def test_deals_and_ads_of_another_workspace_do_not_count(
    ptd, world, other_workspace, now, outsider
):
    installed(other_workspace, now)

    found = gate.handler_of("stage_values").make_plan(
        workspace=other_workspace, request={"values": document(show_up="10000")}, now=now
    )

    assert found.detail["crossing_ads"] == 0
    assert found.evidence["what_if"]["credited_value_now"] == "0.00"


def test_edit_counts_as_within_only_between_now_and_asked(ptd):
    handler = gate.handler_of("stage_values")

    def body(**values):
        return {"before": {"values": document()}, "after": {"values": document(**values)}}

    asked = body(show_up="9500")
    assert handler.edit_is_within(asked, body(show_up="9200"))
    assert not handler.edit_is_within(asked, body(show_up="9600"))
    assert not handler.edit_is_within(asked, body(show_up="9200", closed_won="16000"))
    fewer = body(show_up="9500")
    del fewer["after"]["values"]["stages"][0]
    assert not handler.edit_is_within(asked, fewer)


# --- the page -----------------------------------------------------------------------------------


def _form(workspace, **fields: str) -> dict[str, str]:
    return {"workspace": str(workspace.public_id), "reason": "Data says so.", **fields}


def test_page_shows_values_and_what_they_imply(ptd, viewer, client_as):
    text = client_as(viewer).get("/stage-values/").text

    assert "$2,250.00" in text
    assert "15.0 %" in text
    assert "Propose a change" not in text


def test_page_proposes_an_edited_value(ptd, operator, client_as: Client):
    client = client_as(operator)

    answer = client.post("/stage-values/propose/", _form(ptd, **{"value-show_up": "9500"}))

    proposal = Proposal.objects.get()
    assert answer.url == f"/approvals/{proposal.public_id}/"
    shown = client.get(answer.url).text
    assert "Ads that cross a line" in shown
    assert "<strong>$9,500.00</strong>" in shown
    assert "is waiting" in client.get("/stage-values/").text.lower()


def test_page_keeps_what_was_typed_when_it_is_refused(ptd, operator, client_as):
    answer = client_as(operator).post(
        "/stage-values/propose/", _form(ptd, **{"value-show_up": "100"})
    )

    assert answer.status_code == 400
    assert "worth less than Appointment scheduled" in answer.text
    assert 'value="100"' in answer.text
    assert not Proposal.objects.exists()


def test_page_starts_from_a_template(workspace, operator, client_as):
    client = client_as(operator)
    assert "no stage values yet" in client.get("/stage-values/").text
    assert client.post("/stage-values/propose/", _form(workspace)).status_code == 400

    client.post("/stage-values/propose/", _form(workspace, template="b2b_saas"))

    assert Proposal.objects.get().request == {"template": "b2b_saas"}
