"""What the database itself refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from attribution.models import Person
from outreach.models import (
    Consent,
    Contact,
    OutreachMessage,
    PlannedSend,
    SendPlan,
    TemplateVersion,
)
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    plan_of,
    point_of,
    signed_for,
    template_of,
)
from tests.workspaces.factories import WorkspaceFactory
from tests.workspaces.gate_steps import raw_proposal
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory()


def test_a_person_of_another_workspace_is_no_contact(workspace: Workspace) -> None:
    person = Person.objects.create(workspace=WorkspaceFactory())

    with pytest.raises(IntegrityError, match="another workspace"), transaction.atomic():
        Contact.objects.create(workspace=workspace, person=person)

    assert not Contact.objects.exists()


def test_an_address_belongs_to_one_contact(workspace: Workspace) -> None:
    contact_of(workspace, "ann@example.com")
    bob = contact_of(workspace, "bob@example.com")

    with pytest.raises(IntegrityError, match="contactpoint_once"), transaction.atomic():
        point_of(bob, "email", "ann@example.com")


def test_consent_is_added_to_never_changed(workspace: Workspace) -> None:
    contact_of(workspace)

    with pytest.raises(IntegrityError, match="stays as it was given"), transaction.atomic():
        Consent.objects.update(is_given=False)

    Consent.objects.update(evidence={})  # erasing a person


def test_a_text_that_was_saved_stays(workspace: Workspace) -> None:
    template_of(workspace)

    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        TemplateVersion.objects.update(text="Something else")


def test_a_plan_that_is_made_takes_no_more_rows(workspace: Workspace) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    campaign = campaign_of(workspace, audience_of(workspace, ann, bob))
    plan = plan_of(campaign, ann)
    row = PlannedSend.objects.get()

    with pytest.raises(IntegrityError, match="make another one"), transaction.atomic():
        PlannedSend.objects.create(
            workspace=workspace, plan=plan, place=1, step=row.step, contact=bob,
            outcome="suppressed",
        )  # fmt: skip
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        PlannedSend.objects.update(channel="sms")
    with pytest.raises(IntegrityError, match="make another one"), transaction.atomic():
        SendPlan.objects.filter(pk=plan.pk).update(rows_sha256="2" * 64)


def test_a_row_stands_in_an_open_plan_of_its_workspace(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    ann = contact_of(workspace)
    campaign = campaign_of(workspace, audience_of(workspace, ann))
    plan_of(campaign, ann)
    row = PlannedSend.objects.get()
    row.pk, row.plan = None, SendPlan.objects.create(
        workspace=workspace, campaign=campaign, number=2, as_of=NOW
    )  # fmt: skip

    row.workspace = other_workspace
    with pytest.raises(IntegrityError, match="not of here"), transaction.atomic():
        PlannedSend.objects.bulk_create([row])
    row.workspace, row.plan_id = workspace, row.plan_id + 1
    with pytest.raises(IntegrityError, match="not of here"), transaction.atomic():
        PlannedSend.objects.bulk_create([row])

    assert PlannedSend.objects.count() == 1


def test_a_plan_with_rows_is_not_taken_away_from_them(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    ann = contact_of(workspace)
    plan = plan_of(campaign_of(workspace, audience_of(workspace, ann)), ann)

    with pytest.raises(IntegrityError, match="has rows"), transaction.atomic():
        SendPlan.objects.filter(pk=plan.pk)._raw_delete("default")  # type: ignore[attr-defined]  # Django's own
    with pytest.raises(IntegrityError, match="make another one"), transaction.atomic():
        SendPlan.objects.filter(pk=plan.pk).update(workspace=other_workspace)

    assert PlannedSend.objects.get().plan_id == plan.pk
    plan.delete()
    assert not PlannedSend.objects.exists()


def test_what_plans_say_of_an_address_goes_with_it(workspace: Workspace) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    campaign = campaign_of(workspace, audience_of(workspace, ann, bob))
    plan_of(campaign, ann, bob)
    plan_of(campaign, ann, number=2)

    ann.points.get().delete()

    assert [row.contact_id for row in PlannedSend.objects.all()] == [bob.pk]


def test_a_campaign_sends_by_a_plan_that_was_let_go_only(workspace: Workspace) -> None:
    ann = contact_of(workspace)
    campaign = campaign_of(workspace, audience_of(workspace, ann))
    plan = plan_of(campaign, ann)

    with pytest.raises(IntegrityError, match="signed plan only"), transaction.atomic():
        message_of(ann, campaign=campaign, plan=plan)
    with pytest.raises(IntegrityError, match="signed plan only"), transaction.atomic():
        message_of(ann, campaign=campaign)

    let_go(plan)
    message_of(ann, campaign=campaign, plan=plan)


def test_a_plan_is_let_go_by_its_own_signature_only(workspace: Workspace) -> None:
    """Broken into: no signature, another plan's, other rows, one that was not carried out."""
    ann = contact_of(workspace)
    campaign = campaign_of(workspace, audience_of(workspace, ann))
    plan, other = plan_of(campaign, ann), plan_of(campaign, ann, number=2, rows_sha256="2" * 64)
    rows, gone = SendPlan.objects.filter(pk=plan.pk), {"status": "active", "activated_at": NOW}

    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        rows.update(**gone)
    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        rows.update(**gone, signed_by=signed_for(other))
    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        plan_of(campaign, ann, number=3, signed_by=signed_for(plan))
    waits = raw_proposal(workspace, NOW, kind="outreach.launch")
    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        rows.update(**gone, signed_by=waits)
    assert not SendPlan.objects.filter(activated_at__isnull=False).exists()

    let_go(plan)

    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        rows.update(signed_by=None)
    with pytest.raises(IntegrityError, match="not signed"), transaction.atomic():
        rows.update(signed_by=signed_for(other))


def test_one_message_for_one_key(workspace: Workspace) -> None:
    ann = contact_of(workspace)
    message_of(ann)

    with pytest.raises(IntegrityError, match="message_once"), transaction.atomic():
        message_of(ann)


@pytest.mark.parametrize("status", ["pending", "scheduled", "sending", "cancelled"])
def test_what_was_sent_is_never_sent_again(workspace: Workspace, status: str) -> None:
    message = message_of(contact_of(workspace), status="sent", sent_at=NOW)

    with pytest.raises(IntegrityError, match="cannot go from"), transaction.atomic():
        OutreachMessage.objects.filter(pk=message.pk).update(status=status, lease_until=NOW)


def test_a_message_goes_where_it_was_planned_to(workspace: Workspace) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    message_of(ann)

    with pytest.raises(IntegrityError, match="planned to"), transaction.atomic():
        OutreachMessage.objects.update(point=bob.points.get())


def test_rows_of_a_campaign_are_of_its_workspace(workspace: Workspace) -> None:
    ann = contact_of(WorkspaceFactory())

    with pytest.raises(IntegrityError, match="outreachcampaign_audience"), transaction.atomic():
        campaign_of(workspace, audience_of(ann.workspace, ann))
