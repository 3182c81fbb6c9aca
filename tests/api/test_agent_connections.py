"""What an agent may do with a workspace's connections: look, propose, and nothing at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from attribution.models import Identifier, Person
from outreach.models import CampaignLaunch, Consent, OutreachMessage, OutreachPolicy, Suppression
from tests.api.conftest import key_client
from tests.outreach.launch_steps import FOOT
from tests.outreach.sending.steps import channel_on
from tests.outreach.social.steps import account_of
from tests.outreach.steps import NOW, contact_of, template_of
from tests.workspaces.factories import ConnectionFactory
from workspaces.models import KeyKind, Proposal, User, Workspace
from workspaces.services.keys import KeyRefusedError, create_key

pytestmark = pytest.mark.django_db
ACTIONS = "/api/agents/actions/"
READS = ("connections", "social-accounts", "crm-contacts")


def agent_with(workspace: Workspace, *scopes: str) -> APIClient:
    return key_client(workspace, scopes, kind=KeyKind.AGENT)


@pytest.fixture
def agent(workspace: Workspace) -> APIClient:
    return agent_with(
        workspace, "changes:read", "changes:propose", "insight:read", "outreach:read",
        "outreach:write", "attribution:read", "events:write", "experiments:write",
    )  # fmt: skip


def asked(client: APIClient, action: str, **parameters: Any) -> Any:
    body = {"action_type": action, "parameters": parameters, "reason": "She asked for news."}
    return client.post(ACTIONS, body, format="json")


def test_it_sees_connections_without_what_would_open_them(
    agent: APIClient, workspace: Workspace, other_workspace: Workspace
) -> None:
    kept = ConnectionFactory(workspace=workspace, kind="meta", name="Ads", last_error="token x")
    ConnectionFactory(workspace=other_workspace)

    (told,) = agent.get("/api/agents/connections/").json()["results"]

    assert told == {
        "id": str(kept.public_id), "kind": "meta", "name": "Ads", "status": "active",
    }  # fmt: skip
    assert agent.get("/api/agents/connections/", {"kind": "hubspot"}).json()["results"] == []
    # All else of a connection is an admin's.
    assert agent.get("/api/connections/").status_code == 403


def test_it_sees_social_accounts_and_contacts_of_the_crm(
    agent: APIClient, workspace: Workspace, other_workspace: Workspace
) -> None:
    account = account_of(workspace)
    account_of(other_workspace)
    for place in (workspace, other_workspace):
        person = Person.objects.create(workspace=place)
        Identifier.objects.create(
            workspace=place, person=person, kind="crm_contact", value="hubspot:33:501",
            first_seen_at=NOW,
        )  # fmt: skip
    mine = Person.objects.get(workspace=workspace)

    (shown,) = agent.get("/api/agents/social-accounts/").json()["results"]
    (contact,) = agent.get("/api/agents/crm-contacts/").json()["results"]

    assert (shown["id"], shown["platform"]) == (str(account.public_id), account.platform)
    assert shown["connection"] == str(account.connection.public_id)
    assert (contact["crm"], contact["portal"], contact["contact"]) == ("hubspot", "33", "501")
    assert contact["person"] == str(mine.public_id)


@pytest.mark.parametrize("name", READS)
def test_each_needs_its_scope(workspace: Workspace, name: str) -> None:
    bare = agent_with(workspace, "changes:read", "changes:propose")
    assert bare.get(f"/api/agents/{name}/").status_code == 403


def test_it_asks_for_analytics_and_tracks_an_event_at_once(agent: APIClient) -> None:
    assert agent.get("/api/analytics/summary/").status_code == 200
    event = {"conversion_id": "c-1", "type": "lead", "value": "10", "currency": "EUR"}
    answer = agent.post("/api/conversions/track/", event, format="json")
    assert answer.status_code in (200, 201, 202), answer.json()


@pytest.fixture
def mail(workspace: Workspace) -> None:
    """E-mail that may be sent."""
    channel_on(ConnectionFactory(workspace=workspace, kind="email", name="Mail"))
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street, Springfield")


@pytest.mark.usefixtures("mail")
def test_a_mail_to_one_contact_is_proposed(agent: APIClient, workspace: Workspace) -> None:
    ann, text = contact_of(workspace), template_of(workspace, text=FOOT)

    answer = asked(agent, "send_email", contact=str(ann.public_id), template=str(text.public_id))

    assert answer.status_code == 202, answer.json()
    proposal = Proposal.objects.get()
    assert answer.json()["proposal"] == str(proposal.public_id)
    assert (proposal.proposer_label, proposal.reason) == ("test", "She asked for news.")
    assert CampaignLaunch.objects.get().proposal == proposal
    assert not OutreachMessage.objects.exists()


@pytest.mark.usefixtures("mail")
def test_no_mail_without_consent(agent: APIClient, workspace: Workspace) -> None:
    ann, text = contact_of(workspace), template_of(workspace, text=FOOT)
    Consent.objects.create(
        workspace=workspace, contact=ann, channel="email", purpose="marketing", is_given=False,
        source="person", at=NOW,
    )  # fmt: skip

    answer = asked(agent, "send_email", contact=str(ann.public_id), template=str(text.public_id))

    assert answer.status_code == 409, answer.json()
    assert answer.json()["detail"] == "Nobody would get anything by this plan."
    assert not OutreachMessage.objects.exists()
    assert not Proposal.objects.exists()


def test_a_mail_names_what_is_not_here(
    agent: APIClient, workspace: Workspace, other_workspace: Workspace
) -> None:
    theirs, text = contact_of(other_workspace), template_of(workspace)
    sms = template_of(workspace, "sms", "Short")
    mine = contact_of(workspace)

    stranger = asked(
        agent, "send_email", contact=str(theirs.public_id), template=str(text.public_id)
    )
    no_mail = asked(agent, "send_email", contact=str(mine.public_id), template=str(sms.public_id))

    assert (stranger.status_code, no_mail.status_code) == (400, 400)
    assert stranger.json()["errors"][0]["field"] == "contact"
    assert no_mail.json()["errors"][0]["field"] == "template"
    assert not Proposal.objects.exists()


def test_any_action_is_proposed_once_by_its_key(note: Any, agent: APIClient) -> None:
    body = {
        "action_type": "propose", "reason": "Why",
        "parameters": {"kind": "note", "request": {"page": "1", "text": "hello"}},
    }  # fmt: skip
    first, again = (
        agent.post(ACTIONS, body, format="json", headers={"Idempotency-Key": "k"}) for _ in "12"
    )
    assert (first.status_code, first.json()) == (202, again.json())
    assert Proposal.objects.get().status == "pending"


def test_who_may_not_run_actions(
    note: Any, workspace: Workspace, admin: User, browser: Any
) -> None:
    request = {"kind": "note", "request": {"page": "1", "text": "hello"}}
    shop = key_client(workspace, ["changes:propose"])
    poor = agent_with(workspace, "changes:propose")

    codes = [asked(one, "propose", **request).status_code for one in (shop, browser(admin))]
    assert codes == [403, 403]
    refused = asked(poor, "send_email", contact=str(uuid4()), template=str(uuid4()))
    assert (refused.status_code, "outreach:write" in refused.json()["detail"]) == (403, True)
    assert asked(poor, "wish").status_code == 400
    assert not Proposal.objects.exists()


def test_an_agent_reaches_nobody_at_once_and_vouches_for_nobody(
    agent: APIClient, workspace: Workspace
) -> None:
    ann = contact_of(workspace)
    service = {"contact": str(ann.public_id), "text": "Hello"}
    text = str(template_of(workspace).public_id)
    batch = {"contacts": [str(ann.public_id)], "template": text, "purpose": "service"}
    consent = {
        "statement": "She said so.",
        "consents": [{"channel": "sms", "purpose": "marketing", "is_given": True}],
    }
    answers = [
        agent.post("/api/outreach/send/", service, format="json"),
        agent.post("/api/outreach/send-batch/", batch, format="json"),
        agent.put(f"/api/contacts/{ann.public_id}/consent/", consent, format="json"),
        *(
            agent.post(f"/api/{path}/", {}, format="json")
            for path in (
                f"outreach/messages/{uuid4()}/replay", f"outreach/tasks/{uuid4()}/again",
                f"social/funnels/{uuid4()}/start", f"social/posts/{uuid4()}/switches",
                f"contacts/import/{uuid4()}/write", f"outreach/campaigns/{uuid4()}/pause",
                f"outreach/campaigns/{uuid4()}/stop", f"ab-tests/{uuid4()}/pause",
                f"ab-tests/{uuid4()}/resume", f"ab-tests/{uuid4()}/stop",
            )
        ),
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [403] * 13
    assert {one.json()["detail"] for one in answers} == {
        "An agent proposes; it does not do this itself. See GET agents/actions/ for what it may."
    }
    assert not OutreachMessage.objects.exists()
    assert not Suppression.objects.exists()
    assert ann.consents.count() == 1


def test_an_agent_is_no_admin(workspace: Workspace, admin: User) -> None:
    with pytest.raises(KeyRefusedError, match="no admin"):
        create_key(
            workspace=workspace, name="Agent", scopes=["workspace:admin"], by=admin, now=NOW,
            kind=KeyKind.AGENT,
        )  # fmt: skip
    # One that was made elsewhere opens nothing either.
    old = agent_with(workspace, "workspace:admin", "changes:read")
    assert old.get("/api/connections/").status_code == 403
    policy = old.put("/api/safety-policy/", {"max_change_pct": "90"}, format="json")
    assert (policy.status_code, "no admin" in policy.json()["detail"]) == (403, True)
