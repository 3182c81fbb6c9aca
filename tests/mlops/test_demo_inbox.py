"""The demo's inbox: two weeks of it, each conversation where its story leaves it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from inbox.models import AIClassification, Conversation, CustomerResponse, ReplyDraft
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.inbox import Desk
from mlops.services.demo.outreach.contacts import fill_people
from mlops.services.demo.outreach.providers import connect_providers
from mlops.services.demo.people import add_people
from outreach.models import Consent
from sandbox.server import Sandbox
from tests.workspaces.factories import ConnectionFactory
from workspaces.crypto import encrypt
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.roles import Role


def lived(workspace: Workspace, now: datetime, path: Path) -> None:
    """Two weeks against a sandbox of one's own."""
    workspace.time_zone = "America/New_York"
    workspace.save()
    with Sandbox(path / "state.sqlite3") as box:
        ConnectionFactory(
            workspace=workspace, kind="meta", base_url=box.base_url,
            secret=encrypt({"access_token": "t-meta"}),
        )  # fmt: skip
        control, people = SandboxControl(box.base_url), add_people(workspace)
        providers = connect_providers(workspace=workspace, control=control, now=now)
        fill_people(workspace=workspace, by=Proposer.person(people[Role.OPERATOR]), now=now)
        Desk(workspace, people, providers, now).live()


@pytest.mark.slow
def test_two_weeks_at_the_desk(workspace: Workspace, now: datetime, tmp_path: Path) -> None:
    lived(workspace, now, tmp_path)

    rows = Conversation.objects.filter(workspace=workspace)
    assert Counter(rows.values_list("status", flat=True)) == {
        "closed": 48, "open": 15, "waiting": 6, "snoozed": 1,
    }  # fmt: skip
    assert set(rows.values_list("channel", flat=True)) == {"email", "sms", "facebook", "instagram"}
    ours = CustomerResponse.objects.filter(workspace=workspace, direction="out")
    assert Counter(ours.values_list("delivery", flat=True))["delivered"] > 50
    # What was closed was answered, but for the spam; nobody answers that.
    unanswered = rows.filter(status="closed").exclude(responses__direction="out")
    assert [one.intent for one in unanswered] == ["spam"]
    # Something is late, and drafts wait.
    assert rows.filter(status="open", sla_state__in=["breached", "escalated"]).exists()
    waits = ReplyDraft.objects.filter(workspace=workspace, proposal__status="pending")
    assert waits.count() >= 5
    assert {one.template.name for one in waits if one.template} >= {"Opening hours"}
    # Who wanted to leave left, before anybody answered.
    (leaves,) = rows.filter(intent="unsubscribe")
    consents = Consent.objects.filter(contact=leaves.contact, channel="email").order_by("pk")
    assert consents.last().is_given is False
    assert not AIClassification.objects.filter(version="").exists()
