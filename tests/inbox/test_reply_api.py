"""Answers, drafts and what is late over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from inbox.models import CustomerResponse, ReplyDraft
from inbox.services.restating import restate
from tests.api.conftest import key_client
from tests.inbox.steps import conversation_of, response_of
from tests.outreach.launch_steps import email_on
from tests.outreach.steps import contact_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(workspace, agent):
    return key_client(workspace, ["inbox:read", "inbox:write"], acts_as=agent)


@pytest.fixture
def asked(workspace) -> CustomerResponse:
    email_on(workspace)
    return _asked(workspace, "ann@example.com", timedelta(minutes=1))


def _asked(workspace, address: str, ago: timedelta) -> CustomerResponse:
    at = timezone.now() - ago
    talk = conversation_of(workspace, contact=contact_of(workspace, address), subject=address)
    asked = response_of(talk, at=at, received_at=at)
    asked.point.last_inbound_at = at
    asked.point.save()
    restate([talk.pk], now=timezone.now())
    return asked


def post(client, asked: CustomerResponse, what: str, body: dict[str, Any], **headers: str) -> Any:
    path = f"inbox/{asked.public_id}/reply" if what == "reply" else f"{asked.public_id}/drafts"
    return client.post(f"/api/responses/{path}/", body, format="json", headers=headers)


def test_an_answer_is_sent_once_however_often_it_is_asked_for(client, asked, agent):
    first, again = (
        post(client, asked, "reply", {"text": "Soon."}, idempotency_key="k") for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    row = CustomerResponse.objects.get(direction="out")
    assert (row.text, row.author, row.point) == ("Soon.", agent, asked.point)
    assert first.json()["delivery"] == "scheduled"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": " "}, "text"),
        ({"text": "Hi", "send_at": "2020-01-01T00:00:00Z"}, "send_at"),
        ({"text": "Hi", "seen": str(uuid4())}, "seen"),
        ({"text": "Hi", "to": "eve@example.com"}, "to"),
    ],
)
def test_what_is_wrong_with_an_answer_is_named(client, asked, body, field):
    answer = post(client, asked, "reply", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_an_answer_past_something_newer_is_refused(client, asked):
    response_of(asked.conversation, at=timezone.now(), text="Never mind")
    body = {"text": "Soon.", "seen": str(asked.public_id)}
    refused = post(client, asked, "reply", body)
    assert (refused.status_code, refused.json()["detail"]) == (
        409, "They wrote again meanwhile. Read it, then send.",
    )  # fmt: skip


def test_other_systems_draft_and_do_not_send(client, asked, workspace):
    key = key_client(workspace, ["inbox:write"])
    made = post(key, asked, "drafts", {"text": "Soon.", "reason": "It left on Monday."})
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    draft = ReplyDraft.objects.select_related("proposal").get()
    assert (draft.text, draft.source, draft.proposal.reason) == (
        "Soon.", "external", "It left on Monday.",
    )  # fmt: skip
    assert not CustomerResponse.objects.filter(direction="out").exists()
    for body, field in (
        ({"text": "Soon."}, "reason"),
        ({"text": "Soon.", "reason": "x", "template": str(uuid4())}, "template"),
    ):
        refused = post(key, asked, "drafts", body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)


def test_viewers_and_strangers_answer_nothing(asked, workspace, viewer, other_workspace, outsider):
    scopes = ["inbox:read", "inbox:write"]
    reader = key_client(workspace, scopes, acts_as=viewer)
    assert post(reader, asked, "reply", {"text": "Hi"}).status_code == 403
    stranger = key_client(other_workspace, scopes, acts_as=outsider)
    for what in ("reply", "drafts"):
        body = {"text": "Hi", **({"reason": "x"} if what == "drafts" else {})}
        assert post(stranger, asked, what, body).status_code == 404


def test_a_key_that_is_nobody_sends_nothing(asked, workspace):
    refused = post(key_client(workspace, ["inbox:write"]), asked, "reply", {"text": "Hi"})
    assert refused.status_code == 403
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_what_is_late_comes_with_how_late(client, workspace, asked):
    _asked(workspace, "bob@example.com", timedelta(minutes=300))
    _asked(workspace, "cid@example.com", timedelta(minutes=200))
    rows = client.get("/api/responses/sla-alerts/").json()["results"]
    found = {row["subject"]: (row["sla"], row["minutes_left"]) for row in rows}
    assert list(found) == ["bob@example.com", "cid@example.com"]
    assert found["bob@example.com"][0] == "breached"
    # Two minutes for a slow machine.
    assert found["bob@example.com"][1] in (-63, -62, -61)
    assert found["cid@example.com"][0] == "warned"
    assert found["cid@example.com"][1] in (37, 38, 39)
