"""The demo's messages: two weeks of them, told by the sandbox, each where its story leaves it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from attribution.models import Touchpoint
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.outreach import Mailing
from mlops.services.demo.outreach.contacts import PEOPLE
from mlops.services.demo.people import add_people
from outreach.models import (
    Consent,
    Contact,
    MessageEvent,
    OutreachMessage,
    OutreachTask,
    PlatformInsight,
    SendPlan,
    SocialAdvocate,
    SocialPlatform,
    SocialPost,
    Suppression,
)
from outreach.selectors.funnels import funnels_of
from sandbox.server import Sandbox
from tests.workspaces.factories import ConnectionFactory
from workspaces.crypto import encrypt
from workspaces.models import InboundEvent, Proposal, Workspace


def lived(workspace: Workspace, now: datetime, path: Path) -> Mailing:
    """Two weeks against a sandbox of one's own."""
    workspace.time_zone = "America/New_York"
    workspace.save()
    with Sandbox(path / "state.sqlite3") as box:
        ConnectionFactory(
            workspace=workspace, kind="meta", base_url=box.base_url,
            secret=encrypt({"access_token": "t-meta"}),
        )  # fmt: skip
        mailing = Mailing(workspace, add_people(workspace), SandboxControl(box.base_url), now)
        mailing.live()
    return mailing


def statuses(name: str) -> dict[str, int]:
    rows = OutreachMessage.objects.filter(campaign__name=name)
    return dict(Counter(f"{one.channel} {one.status}" for one in rows))


@pytest.mark.slow
def test_two_weeks_of_messages(workspace: Workspace, now: datetime, tmp_path: Path) -> None:
    mailing = lived(workspace, now, tmp_path)

    sizes = {name: one.size for name, one in mailing.audiences.items()}
    assert sizes == {
        "Subscribers": 1_360, "Wants to get strong": 363, "Open day guests": 60, "Wrote to us": 4,
    }  # fmt: skip
    assert Contact.objects.filter(source="import").count() == len(mailing.known()) == PEOPLE
    plans = SendPlan.objects.order_by("pk")
    assert [(one.campaign.name, one.campaign.status, one.status, one.recipients, one.blocked)
            for one in plans.select_related("campaign")] == [
        ("November news", "completed", "done", 361, 2),
        ("Open day reminder", "completed", "done", 50, 10),
        ("After the open day", "active", "done", 48, 12),
        ("Answers to the page", "active", "active", 4, 0),
        ("Winter programme", "awaiting_approval", "ready", 1_340, 9),
    ]  # fmt: skip
    assert statuses("November news") == {
        "email delivered": 212, "email opened": 120, "email clicked": 17, "email bounced": 6,
        "email sent": 5, "email complained": 1,
    }  # fmt: skip
    assert statuses("Answers to the page") == {
        "facebook sending": 1, "facebook pending": 1, "instagram sent": 1, "linkedin pending": 1,
    }  # fmt: skip
    open_tasks = OutreachTask.objects.filter(done_at=None).order_by("pk")
    assert list(open_tasks.values_list("reason", "message__contact__first_name")) == [
        ("unsure", "Lena"), ("window_closed", "Theo"), ("assisted", "Ruth"),
    ]  # fmt: skip

    # People signed all of it but the last, which waits for more than a thousand recipients.
    asked = Proposal.objects.filter(kind="outreach.launch").order_by("pk")
    assert [str(one.status) for one in asked] == ["executed"] * 4 + ["pending"]
    signer = mailing.people["approver"]
    assert all(
        one.current_plan.signatures.filter(person=signer).exists()
        for one in asked if one.status == "executed"
    )  # fmt: skip

    # What is known of them came by signed webhooks, and some of it stopped us.
    told = InboundEvent.objects.filter(connection__kind__in=["email", "twilio"])
    assert set(told.values_list("state", flat=True)) == {"done"}
    kinds = Counter(MessageEvent.objects.values_list("kind", flat=True))
    assert (kinds["complained"], kinds["replied"]) == (1, 4)
    answers = OutreachMessage.objects.exclude(reply_text="").order_by("pk")
    assert answers[0].reply_text == "STOP"
    left = Consent.objects.filter(contact=answers[0].contact, is_given=False)
    assert {one.channel for one in left} == {"email", "sms"}
    assert {one.source for one in left} == {"stop"}
    reasons = set(Suppression.objects.values_list("reason", flat=True))
    assert reasons == {"unsubscribe", "bounce", "complaint", "manual"}
    assert Touchpoint.objects.filter(workspace=workspace, channel__name="email").exists()

    # A week on the networks: answered in public, then privately; what others said today waits.
    assert set(SocialPost.objects.values_list("platform", flat=True)) == set(SocialPlatform.values)
    funnels = {one.name: one for one in funnels_of(workspace)}
    ask, says = funnels["Wants to know more"], funnels["Says something"]
    assert 0 < ask.messaged <= ask.replied <= ask.triggered
    assert (says.triggered > 0, says.replied) == (True, 0)
    waits = Proposal.objects.filter(kind="outreach.answer", status="pending").count()
    assert waits >= says.triggered
    assert PlatformInsight.objects.filter(type="timing").count() == 15
    assert SocialAdvocate.objects.exclude(tier="").exists()
