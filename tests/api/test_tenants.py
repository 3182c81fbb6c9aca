"""Other workspaces do not exist: not by id, not in lists, not in bodies."""

from __future__ import annotations

import pytest
from django.utils import timezone

from attribution.services.funnels.defining import create_funnel
from campaigns.services.alerts import ensure_rules
from inbox.models import ResponseTemplate
from outreach.models import OutreachTask, Suppression
from tests.api.conftest import key_client
from tests.api.paths import OPERATIONS
from tests.attribution.funnels.steps import document, page
from tests.attribution.journey_steps import walk
from tests.attribution.website.web_steps import session_of, shop, visitor_of
from tests.campaigns.advice.steps import recommendation_of
from tests.campaigns.alerting.steps import alert_of
from tests.campaigns.factories import DailyPerformanceFactory, SafetyPolicyFactory
from tests.campaigns.scenarios.steps import stored
from tests.campaigns.signal_rows import signal_of
from tests.experiments.steps import running_of
from tests.inbox.steps import conversation_of, response_of
from tests.mlops.registry.steps import version_of
from tests.outreach.social.steps import account_of, advocate_of, funnel_of, post_of
from tests.outreach.steps import (
    audience_of,
    campaign_of,
    contact_of,
    message_of,
    plan_of,
    template_of,
)
from tests.workspaces.factories import ConnectionFactory, MembershipFactory
from workspaces import scopes
from workspaces.gate import Proposer
from workspaces.models import (
    Connection,
    JobRun,
    Proposal,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
)
from workspaces.services import proposing

DAY = "2026-11-01"
BODIES = {
    "sign": {"plan_sha256": "0" * 64},
    "reject": {"plan_sha256": "0" * 64, "why": "No."},
    "snooze": {"until": "2999-01-01T00:00:00Z"},
    "patch": {"request": {"text": "x"}},
}


@pytest.fixture
def theirs(note, workspace):
    """One row of everything, in the workspace that the outsider does not belong to."""
    now = timezone.now()
    day = DailyPerformanceFactory(ad__ad_set__campaign__account__workspace=workspace, day=DAY)
    SafetyPolicyFactory(workspace=workspace, max_change_pct=33)
    endpoint = WebhookEndpoint.objects.create(
        workspace=workspace, url="https://example.com/h", format=WebhookFormat.STANDARD
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_type="proposal.created", event_id="e", body="{}", created_at=now
    )
    JobRun.objects.create(workspace=workspace, name="j", queued_at=now)
    changes = [
        ("note", {"page": "1", "text": "hello"}),
        (
            "ad_change",
            {
                "entity_type": "adset",
                "entity": str(day.ad_set.public_id),
                "change_type": "budget",
                "value": "110",
            },
        ),
    ]
    made = [
        proposing.propose(
            workspace=workspace, kind=kind, request=request, reason="r", now=now,
            proposer=Proposer.model("sampler", "v1"),
        )
        for kind, request in changes
    ]  # fmt: skip
    walk(workspace, "ann", "meta", now)
    site = shop(workspace)
    session = session_of(site, visitor_of(site, now), now)
    funnel = create_funnel(
        workspace=workspace, name="Shop", document=document(page("/")), by=None, now=now
    )
    recommendation = recommendation_of(workspace)
    contact = contact_of(workspace)
    talk = conversation_of(workspace, contact=contact)
    suppression = Suppression.objects.create(
        workspace=workspace, value="bob@example.com", reason="manual", at=now
    )
    task = OutreachTask.objects.create(
        workspace=workspace, message=message_of(contact, status="pending"), reason="assisted"
    )
    return {
        "proposals": made[0].public_id,
        "connections": ConnectionFactory(workspace=workspace).public_id,
        "webhook-endpoints": endpoint.public_id,
        "delivery": delivery.public_id,
        "ad-accounts": day.account.external_id,
        "campaigns": day.campaign.external_id,
        "ad-sets": day.ad_set.external_id,
        "ads": day.ad.public_id,
        "recommendations": recommendation.public_id,
        "alerts": alert_of(workspace).public_id,
        "alert-rules": ensure_rules(workspace=workspace)["ROI drop"].public_id,
        "signals": signal_of(workspace).public_id,
        "models": version_of(workspace, now).public_id,
        "scenarios": stored(workspace, MembershipFactory(workspace=workspace).user).public_id,
        "website/visitors": session.visitor.public_id,
        "website/sessions": session.public_id,
        "website/funnels": funnel.public_id,
        "ab-tests": running_of(workspace).public_id,
        "contacts": contact.public_id,
        "outreach/campaigns": plan_of(campaign_of(workspace), contact).campaign.public_id,
        "outreach/templates": template_of(workspace).public_id,
        "outreach/messages": task.message.public_id,
        "outreach/tasks": task.public_id,
        "responses/inbox": response_of(talk).public_id,
        "responses/conversations": talk.public_id,
        "responses/templates": ResponseTemplate.objects.create(
            workspace=workspace, name="Hours", body="From nine."
        ).public_id,
        "audiences": audience_of(workspace, contact).public_id,
        "suppressions": suppression.public_id,
        "social/posts": post_of(account_of(workspace)).public_id,
        "social/funnels": funnel_of(workspace).public_id,
        "social/advocates": advocate_of(workspace).public_id,
    }


def addresses(theirs):
    """Every operation that names a row, with the id of somebody else's."""
    named = {"<str:user_id>": "ann", "<str:channel>": "meta"}
    for operation in OPERATIONS:
        method, route = operation.split(" ", 1)
        names_a_kind = "<str:name>" in route or "<str:platform>" in route
        # A website's key is public; chats are another visitor's: tests/inbox/chat.
        names_a_kind = names_a_kind or "<str:site_key>" in route
        if "<" not in route or names_a_kind or "creatives" in route:
            continue
        first, second = route.split("/")[:2]
        row = theirs.get(first) or theirs.get(f"{first}/{second}") or theirs["proposals"]
        endpoint = theirs["webhook-endpoints"]
        if "<uuid:endpoint_id>" in route:
            row = theirs["delivery"]
        path = route.replace("<uuid:endpoint_id>", str(endpoint))
        for part, name in named.items():
            path = path.replace(part, name)
        path = path.replace("<uuid:public_id>", str(row)).replace("<str:given>", str(row))
        yield method.lower(), f"/api/{path}"


def test_rows_of_others_do_not_exist(theirs, outsider, other_workspace):
    """Neither by browser nor by key; and nothing changes."""
    client = key_client(other_workspace, scopes.SCOPES, acts_as=outsider)
    before = [list(model.objects.values()) for model in (Proposal, Connection, WebhookDelivery)]

    for method, path in addresses(theirs):
        last = path.strip("/").rsplit("/", 1)[-1]
        body = BODIES.get("patch" if method == "patch" else last, {})
        if path.startswith("/api/webhook-endpoints") and method == "patch":
            body = {"is_enabled": False}
        answer = getattr(client, method)(path, body, format="json")
        assert answer.status_code == 404, (method, path, answer.content)

    after = [list(model.objects.values()) for model in (Proposal, Connection, WebhookDelivery)]
    assert after == before


def test_the_same_addresses_answer_their_owner(theirs, workspace, admin):
    client = key_client(workspace, scopes.SCOPES, acts_as=admin)

    for method, path in addresses(theirs):
        if method == "get" and "/import" not in path:
            assert client.get(path).status_code == 200, path


def test_lists_of_others_are_empty(theirs, outsider, browser, workspace, admin):
    stranger, owner = browser(outsider), browser(admin)
    lists = [
        "proposals", "pending-ad-changes", "connections", "webhook-endpoints", "jobs",
        "ad-accounts", "campaigns", "ad-sets", "ads", f"performance/?from={DAY}&to={DAY}",
        "recommendations", "alerts", "alerts/unread", "alert-rules", "signals?state=all", "models",
        "contacts", "audiences", "suppressions", "outreach/templates", "outreach/messages",
        "responses/inbox", "responses/conversations", "responses/templates",
        "outreach/tasks", "social/posts", "social/advocates",
        "reports/v_campaign_activity_summary",
    ]  # fmt: skip

    for name in lists:
        assert owner.get(f"/api/{name}").json()["results"], name
        assert stranger.get(f"/api/{name}").json()["results"] == [], name


def test_figures_of_others_are_not_added(theirs, outsider, browser):
    own = DailyPerformanceFactory(
        ad__ad_set__campaign__account__workspace=outsider.memberships.get().workspace,
        day=DAY,
        clicks=3,
    )

    rows = browser(outsider).get(f"/api/performance/?group=campaign&from={DAY}&to={DAY}")
    rows = rows.json()["results"]

    assert [(row["campaign"]["id"], row["clicks"]) for row in rows] == [
        (str(own.campaign.public_id), 3)
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("campaigns", {"ad_account": "ad-accounts", "external_id": "1", "name": "x"}),
        ("ad-sets", {"campaign": "campaigns", "external_id": "1", "name": "x"}),
        ("ads", {"ad_set": "ad-sets", "external_id": "1", "name": "x"}),
        (
            "pending-ad-changes",
            {
                "entity_type": "ad",
                "entity_id": "ads",
                "change_type": "status",
                "value": "paused",
                "reason": "r",
            },
        ),
        (
            "ml/battle-hardened/feedback",
            {
                "ad_id": "ads",
                "actual_pipeline_value": "1",
                "actual_spend": "1",
                "event_id": "e",
            },
        ),
        ("safety-policy/simulate", {"values": {}, "ad_account": "ad-accounts"}),
    ],
)
def test_ids_of_others_in_bodies_are_unknown(theirs, outsider, other_workspace, path, body):
    client = key_client(other_workspace, scopes.SCOPES, acts_as=outsider)
    named = {key: str(theirs.get(value, value)) if isinstance(value, str) else value
             for key, value in body.items()}  # fmt: skip

    answer = client.post(f"/api/{path}/", named, format="json")

    assert answer.status_code == 400
    assert "There is no" in answer.json()["errors"][0]["message"]
    assert not Proposal.objects.filter(workspace=other_workspace).exists()


def test_policy_of_others_is_not_shown(theirs, outsider, browser):
    shown = browser(outsider).get("/api/safety-policy/").json()

    assert shown["policy"]["version"] == 0
    assert shown["policy"]["values"]["max_change_pct"] == "50.00"


def test_bulk_calls_leave_others_alone(theirs, outsider, browser):
    items = [{"id": str(theirs["proposals"]), "plan_sha256": "0" * 64}]

    answer = browser(outsider).post(
        "/api/proposals/bulk-reject/", {"items": items, "why": "No."}, format="json"
    )

    assert answer.json()["done"] == []
    assert answer.json()["refused"][0]["why"] == "There is no such proposal in this workspace."
