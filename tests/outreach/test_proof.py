"""Each message of a send says why it was allowed, and by whose signature; so do later steps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import (
    ChannelPolicy,
    Consent,
    Enrolment,
    OutreachMessage,
    OutreachPolicy,
    SendPlan,
    SequenceStep,
    StepText,
    Suppression,
)
from outreach.selectors.message_page import grounds_of, signature_of, signers_of
from outreach.services.life import pause_campaign, resume_campaign
from outreach.services.sending.claiming import _apply
from outreach.services.sending.judging import judge
from outreach.services.sending.materialising import materialise_due
from outreach.services.sequencing import send_due_steps
from tests.api.conftest import key_client
from tests.outreach.launch_steps import FOOT, carried_out, email_on, launched, news_to, planned
from tests.outreach.steps import contact_of, template_of
from tests.workspaces.gate_steps import sign
from workspaces.gate import Proposer
from workspaces.models import Proposal, Signature

pytestmark = pytest.mark.django_db
PROVEN = {
    "plan", "rows_sha256", "proposal", "signed_sha256", "signatures", "consent", "caps", "window",
    "quiet_hours", "suppression_version", "policy_version", "judged_at",
}  # fmt: skip


@pytest.fixture
def signed(workspace, operator, approver, now) -> Proposal:
    """A sequence of two mails that was signed and let go."""
    email_on(workspace)
    people = [contact_of(workspace, f"{name}@example.com") for name in ("ann", "bob")]
    campaign = news_to(*people, workspace=workspace, send_at_best_hour=False, type="sequence")
    step = SequenceStep.objects.create(
        workspace=workspace, campaign=campaign, position=2, delay_hours=48
    )
    template = template_of(workspace, name="Second mail", text=FOOT, sha256="2" * 64)
    StepText.objects.create(workspace=workspace, step=step, channel="email", template=template)
    planned(campaign, operator, now)
    proposal = sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    return proposal


def _judged(message: OutreachMessage, now) -> OutreachMessage:
    """The message with what a claim would write on it."""
    read = OutreachMessage.objects.select_related("workspace", "contact", "point")
    message = read.get(pk=message.pk)
    (told,) = judge(
        [message], lane_policy=ChannelPolicy.objects.get(), policy=OutreachPolicy.objects.get(),
        versions={}, now=now,
    )  # fmt: skip
    _apply(message, told, now)
    message.save()
    return message


def test_a_message_proves_everything_that_let_it_go(signed, workspace, approver, now):
    hit = Suppression.objects.create(
        workspace=workspace, value="eve@example.com", reason="manual", at=now
    )
    materialise_due(now=now)
    message = _judged(OutreachMessage.objects.get(), now)
    ann = message.contact

    proof = message.proof

    assert proof.keys() == PROVEN
    assert proof["consent"] == Consent.objects.get(contact=ann).pk
    assert proof["caps"] == {"marketing_day": 0, "marketing_week": 0, "day": 0, "week": 0}
    assert (proof["window"], proof["quiet_hours"]) == ("not_needed", "none")
    assert proof["suppression_version"] == hit.pk
    assert proof["proposal"] == str(signed.public_id)
    assert proof["signatures"] == [Signature.objects.get(person=approver).pk]
    assert proof["signed_sha256"] == signed.current_plan.sha256
    assert proof["rows_sha256"] == signed.current_plan.content["rows_sha256"]
    assert (signature_of(message), signers_of(message)) == (signed, [str(approver)])


def test_a_later_step_names_the_signature_of_its_launch(signed, workspace, approver, now):
    launch = SendPlan.objects.get()
    materialise_due(now=now + timedelta(hours=1))
    OutreachMessage.objects.update(status="sending", lease_until=now)
    OutreachMessage.objects.update(status="sent", sent_at=now)
    late = now + timedelta(days=3)
    Enrolment.objects.update(due_at=late)
    send_due_steps(workspace=workspace, now=late)
    materialise_due(now=late + timedelta(hours=2))

    follow_up = SendPlan.objects.get(follows=launch)
    message = OutreachMessage.objects.filter(plan=follow_up).first()

    assert follow_up.signed_by == signed
    assert message.proof["follows"] == str(launch.public_id)
    assert (signature_of(message), signers_of(message)) == (signed, [str(approver)])
    words = [one.words for one in grounds_of(message) if one.label == "Plan"]
    assert words == [
        f"A later step, in plan {follow_up.rows_sha256[:12]}… by the settings of the launch that "
        "was signed."
    ]


def test_going_on_is_no_signature_of_what_goes(signed, operator, now):
    campaign = SendPlan.objects.get().campaign
    by = Proposer.person(operator)
    pause_campaign(campaign=campaign, by=by, reason="A typo?", now=now)
    campaign.refresh_from_db()
    waits = resume_campaign(campaign=campaign, by=by, reason="None", now=now)
    type(campaign).objects.update(status="active")

    materialise_due(now=now)

    message = OutreachMessage.objects.get()
    assert signature_of(message) == signed != waits


@pytest.mark.parametrize("why", ["suppressed", "no_consent"])
def test_what_was_kept_back_does_not_say_that_it_was_allowed(
    signed, workspace, now, why, client_as
):
    materialise_due(now=now)
    message = OutreachMessage.objects.get()
    if why == "suppressed":
        Suppression.objects.create(
            workspace=workspace, value="ann@example.com", reason="complaint", at=now
        )
    else:
        Consent.objects.create(
            workspace=workspace, contact=message.contact, channel="email", purpose="marketing",
            is_given=False, source="form", at=now,
        )  # fmt: skip

    message = _judged(message, now)

    assert (message.status, message.proof["refused"]) == ("cancelled", why)
    grounds = grounds_of(message)
    assert next(one.label for one in grounds if one.is_bad) == "Kept back"
    assert not any("no list" in one.words or one.words.startswith("Given") for one in grounds)


def test_proof_is_on_the_page_and_over_rest(signed, workspace, viewer, approver, now, client_as):
    materialise_due(now=now)
    message = _judged(OutreachMessage.objects.get(), now)

    page = client_as(viewer).get(f"/outreach/messages/{message.public_id}/").content.decode()

    for one in grounds_of(message):
        assert one.label in page
    assert f"by {approver}" in page
    rest = key_client(workspace, ["outreach:read"])
    found = rest.get(f"/api/outreach/messages/{message.public_id}/").json()
    assert found["proposal_id"] == str(signed.public_id)
    assert found["proof"]["signatures"] == message.proof["signatures"]
    assert [one["about"] for one in found["grounds"]] == [
        "Consent", "How often they hear from us", "Window", "Quiet hours", "Suppressions", "Judged",
        "Plan",
    ]  # fmt: skip
