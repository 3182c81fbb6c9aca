"""Faults in texts: an error keeps a campaign from being launched, at every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from outreach.models import OutreachCampaign, OutreachPolicy, TemplateVersion
from outreach.selectors.text_faults import findings_of
from tests.api.conftest import key_client
from tests.outreach.launch_steps import FOOT, email_on, launched, news_to, planned
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer, RequestError
from workspaces.models import Proposal, User, Workspace
from workspaces.services.proposing import propose

pytestmark = pytest.mark.django_db
NO_ADDRESS = (
    "Mend the texts and plan the send anew. “Mail of June news”, html: Add {{ postal_address }} at"
    " the end."
)


@pytest.fixture
def campaign(workspace: Workspace) -> OutreachCampaign:
    email_on(workspace)
    return news_to(contact_of(workspace), workspace=workspace)


def _says(campaign: OutreachCampaign, **values: Any) -> None:
    """Put another version of its text into use."""
    template = campaign.steps.get().texts.get().template
    template.current = TemplateVersion.objects.create(
        workspace=template.workspace, template=template, number=2,
        **{"subject": "News", "text": FOOT, "sha256": "2" * 64, **values},
    )  # fmt: skip
    template.save()


def test_an_error_in_a_text_refuses_the_launch_and_names_the_text(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    _says(campaign, text="Hello. {{ unsubscribe_url }}")
    planned(campaign, operator, now)

    with pytest.raises(RequestError) as refused:
        launched(campaign, operator, now)

    assert (refused.value.field, str(refused.value)) == ("texts", NO_ADDRESS)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert not Proposal.objects.exists()


def test_a_proposal_by_another_door_is_refused_too(
    campaign: OutreachCampaign, workspace: Workspace, operator: User, now: datetime
) -> None:
    _says(campaign, text="Hello. {{ unsubscribe_url }}")
    plan = planned(campaign, operator, now)
    request = {
        "campaign": str(campaign.public_id), "operation": "launch", "plan": str(plan.public_id),
    }  # fmt: skip

    with pytest.raises(RequestError, match="postal_address"):
        propose(
            workspace=workspace, kind="outreach.launch", request=request, reason="June", now=now,
            proposer=Proposer.person(operator),
        )  # fmt: skip


def test_over_rest_the_refusal_names_its_field(
    campaign: OutreachCampaign, workspace: Workspace, operator: User, now: datetime
) -> None:
    _says(campaign, text="Hello. {{ unsubscribe_url }}")
    planned(campaign, operator, now)
    client = key_client(workspace, ["outreach:read", "outreach:write"])

    told = client.post(
        f"/api/outreach/campaigns/{campaign.public_id}/launch/", {"reason": "June"}, format="json"
    )

    assert told.status_code == 400
    assert told.json()["errors"][0]["field"] == "texts"
    assert told.json()["errors"][0]["message"] == NO_ADDRESS


def test_the_review_shows_the_error_and_cannot_launch(
    campaign: OutreachCampaign, workspace: Workspace, client_as: Callable[[User], Client],
    operator: User, now: datetime,
) -> None:  # fmt: skip
    _says(campaign, text="Hello. {{ unsubscribe_url }}")
    planned(campaign, operator, now)
    client = client_as(operator)

    page = client.get(reverse("outreach-campaign-edit", args=[campaign.public_id, "review"])).text
    client.post(
        reverse("outreach-campaign-act", args=[campaign.public_id, "launch"]),
        {"workspace": str(workspace.public_id)},
    )

    assert "Add {{ postal_address }} at the end." in page
    assert "Mend what is in the way first" in page
    assert not Proposal.objects.exists()
    shown = client.get(reverse("outreach-campaign-edit", args=[campaign.public_id, "review"])).text
    assert "Mend the texts and plan the send anew." in shown


def test_a_warning_is_shown_and_launched(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    _says(campaign, subject="BUY IT TODAY")
    planned(campaign, operator, now)

    launched(campaign, operator, now)

    assert [(one.text, one.severity, one.advice) for one in findings_of(campaign)] == [
        ("Mail of June news", "warning", "Write it in small letters.")
    ]
    assert Proposal.objects.count() == 1


def test_what_was_planned_is_looked_at_not_what_is_in_use_since(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    _says(campaign, text="Hello. {{ unsubscribe_url }}")
    plan = planned(campaign, operator, now)
    template = campaign.steps.get().texts.get().template
    template.current = template.versions.get(number=1)
    template.save()

    with pytest.raises(RequestError, match="postal_address"):
        launched(campaign, operator, now)

    assert planned(campaign, operator, now).pk != plan.pk
    launched(campaign, operator, now)
    assert Proposal.objects.count() == 1


def test_a_text_that_says_what_nobody_declared_is_an_error(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    _says(campaign, text=f"{{{{ colour }}}} {FOOT}")
    planned(campaign, operator, now)

    with pytest.raises(RequestError, match="colour"):
        launched(campaign, operator, now)


def test_a_new_postal_address_is_looked_at_at_once(campaign: OutreachCampaign) -> None:
    assert findings_of(campaign) == []

    OutreachPolicy.objects.update(postal_address="")

    assert [one.advice for one in findings_of(campaign)] == [
        "Give the workspace a postal address (CAN-SPAM)."
    ]
