"""Messages that other systems bring in over REST: each once, and wrong ones name their field."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.models import Attachment, Conversation, CustomerResponse
from outreach.models import Consent
from tests.api.conftest import key_client
from tests.outreach.steps import contact_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(workspace, agent):
    return key_client(workspace, ["inbox:read", "inbox:write"], acts_as=agent)


def post(client: Any, **values: Any) -> Any:
    own = {
        "channel": "linkedin", "from_address": "ann-lee-7", "from_name": "Ann Lee",
        "external_id": "m1", "text": "Do you ship to Austria?",
    }  # fmt: skip
    return client.post("/api/responses/inbound/", {**own, **values}, format="json")


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_a_message_is_kept_once_however_often_it_is_told(client, workspace):
    first, again = post(client), post(client, text="Other words")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["text"] == "Do you ship to Austria?"
    row = CustomerResponse.objects.get(workspace=workspace)
    assert (row.channel, row.sender_address, row.sender_name) == (
        "linkedin", "ann-lee-7", "Ann Lee",
    )  # fmt: skip


def test_it_goes_on_with_what_it_answers(client):
    mail = {"channel": "email", "from_address": "Ann@Example.com", "text": "Hi"}
    post(client, **mail, external_id="<1@x>")
    post(client, **mail, external_id="<2@x>", subject="Else", thread_ids=["<1@x>"])
    talk = Conversation.objects.get()
    assert list(talk.responses.order_by("pk").values_list("external_id", flat=True)) == [
        "1@x", "2@x",
    ]  # fmt: skip
    assert talk.contact.points.get().address == "ann@example.com"


def test_files_are_told_by_their_content(client):
    files = [
        {"name": "a.pdf", "content": base64_of(b"%PDF-1.4\n%x\n")},
        {"name": "b.pdf", "content": base64_of(b"MZ\x90\x00")},
    ]
    # More than bodies usually have.
    files.append({"name": "c.txt", "content": base64_of(b"x" * 3_000_000)})
    assert post(client, text="", attachments=files).status_code == 201
    held = list(Attachment.objects.order_by("name").values_list("held_because", flat=True))
    assert held == ["", "The file is a program.", ""]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"channel": "chat"}, "channel"),
        ({"channel": "comment"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "email"}, "from_address"),
        ({"channel": "sms", "from_address": "12"}, "from_address"),
        ({"from_address": "two words"}, "from_address"),
        ({"external_id": ""}, "external_id"),
        ({"channel": "email", "from_address": "a@example.com", "external_id": "<>"}, "external_id"),
        ({"text": " "}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"at": "tomorrow"}, "at"),
        ({"at": (timezone.now() + timedelta(days=1)).isoformat()}, "at"),
        ({"thread_ids": ["x"] * 51}, "thread_ids"),
        ({"attachments": [{"name": "a", "content": "?"}]}, "attachments.0.content"),
        ({"attachments": [{"name": "a", "content": base64_of(b"x" * 5_300_000)}]}, "attachments"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_names_its_field(client, values, field):
    answer = post(client, **values)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert not CustomerResponse.objects.exists()


def test_bodies_end_somewhere(client):
    files = [{"name": "a", "content": "x" * 9_000_000}]
    assert post(client, attachments=files).status_code == 413


def test_who_asks_to_stop_is_heard(client, workspace):
    contact = contact_of(workspace)
    post(client, channel="email", from_address="ann@example.com", text="STOP")
    assert Consent.objects.get(contact=contact, is_given=False).channel == "email"


def test_viewers_bring_nothing_in(workspace, viewer):
    client = key_client(workspace, ["inbox:write"], acts_as=viewer)
    assert post(client).status_code == 403
    assert not CustomerResponse.objects.exists()
