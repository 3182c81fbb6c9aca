"""Pictures and files of texts and direct messages: none is dropped, each is fetched or says why."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.storage import default_storage

from inbox.models import Attachment, CustomerResponse
from inbox.services.hearing import take_direct, take_texts
from inbox.services.media import fetch_due
from inbox.services.reading import read_new
from outreach.models import ContactPoint
from tests.inbox.steps import NOW
from workspaces.models import Connection, InboundEvent, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


@pytest.fixture
def twilio(workspace: Workspace) -> Connection:
    return Connection.objects.create(workspace=workspace, kind="twilio", name="Phone")


def told(connection: Connection, **fields: str) -> CustomerResponse:
    own = {
        "SmsStatus": "received", "From": "whatsapp:+4366012345", "Body": "", "MessageSid": "MM1",
        "NumMedia": "1", "MediaUrl0": URL, "MediaContentType0": "image/png",
    }  # fmt: skip
    body = urlencode({**own, **fields})
    event = InboundEvent(pk=1, connection=connection, body=body, dedup_key="1", received_at=NOW)
    assert take_texts(connection, [event], NOW) == {}
    return CustomerResponse.objects.get()


def test_a_picture_alone_is_a_message(twilio: Connection) -> None:
    row = told(twilio)
    assert (row.channel, row.text, row.conversation.preview) == ("whatsapp", "", "Picture")
    waiting = Attachment.objects.get()
    assert (waiting.name, waiting.fetch_at, waiting.file.name) == ("Picture.png", NOW, "")
    # It opens the channel's window as words do.
    assert ContactPoint.objects.get().last_inbound_at == NOW
    assert read_new(now=NOW) == 1

    assert fetch_due(now=NOW, fetch=lambda _, url: PNG if url == URL else b"") == 1
    kept = Attachment.objects.get()
    assert (kept.content_type, kept.size, kept.fetch_at, kept.held_because) == (
        "image/png", len(PNG), None, "",
    )  # fmt: skip
    with default_storage.open(kept.file.name) as file:
        assert file.read() == PNG
    assert fetch_due(now=NOW + timedelta(days=1), fetch=_never) == 0
    told(twilio)
    assert Attachment.objects.count() == 1


def test_what_was_erased_while_it_was_fetched_leaves_no_file(
    twilio: Connection, django_capture_on_commit_callbacks: Any
) -> None:
    told(twilio)

    def erased(*_: Any) -> bytes:
        Attachment.objects.update(source_url="", fetch_at=None, held_because="erased")
        return PNG + b"erased"

    with django_capture_on_commit_callbacks(execute=True):
        fetch_due(now=NOW, fetch=erased)

    digest = hashlib.sha256(PNG + b"erased").hexdigest()
    assert not default_storage.exists(f"inbox/{twilio.workspace_id}/{digest[:2]}/{digest}")


def test_what_does_harm_is_held_back(twilio: Connection) -> None:
    told(twilio)
    fetch_due(now=NOW, fetch=lambda *_: b"MZ\x90\x00")
    row = Attachment.objects.get()
    assert (row.held_because, row.file.name) == ("The file is a program.", "")


def test_after_three_tries_it_says_why(twilio: Connection) -> None:
    told(twilio)
    asked: list[Any] = []

    def breaks(_connection: Connection, url: str) -> bytes:
        asked.append(url)
        raise PlatformError(ErrorKind.TRANSIENT, "Later.")

    for minutes in (0, 0.5, 1, 2, 5, 10, 30):
        fetch_due(now=NOW + timedelta(minutes=minutes), fetch=breaks)
    assert len(asked) == 3
    row = Attachment.objects.get()
    assert (row.fetch_at, row.held_because) == (None, "It could not be fetched. Later.")


def test_a_file_that_ends_its_workers_is_given_up(twilio: Connection) -> None:
    told(twilio)
    asked: list[Any] = []

    def dies(*_: Any) -> bytes:
        asked.append(1)
        raise SystemExit

    for hours in range(3):
        with pytest.raises(SystemExit):
            fetch_due(now=NOW + timedelta(hours=hours), fetch=dies)
    fetch_due(now=NOW + timedelta(hours=3), fetch=dies)

    assert len(asked) == 3
    row = Attachment.objects.get()
    assert (row.fetch_at, row.held_because) == (
        None, "It could not be fetched. Every try broke off.",
    )  # fmt: skip


@pytest.mark.parametrize("kind", [ErrorKind.GONE, ErrorKind.POLICY])
def test_what_will_never_come_is_tried_once(twilio: Connection, kind: ErrorKind) -> None:
    told(twilio)

    def breaks(*_: Any) -> bytes:
        raise PlatformError(kind, "No.")

    fetch_due(now=NOW, fetch=breaks)
    assert Attachment.objects.get().fetch_at is None


def test_another_place_is_never_asked(twilio: Connection) -> None:
    told(twilio, MediaUrl0="https://evil.example/x")
    fetch_due(now=NOW)
    assert "keeps none" in Attachment.objects.get().held_because


def test_metas_pictures_and_what_only_it_shows(workspace: Workspace) -> None:
    page = Connection.objects.create(workspace=workspace, kind="messenger", name="Page")
    attachments = [
        {"type": "image", "payload": {"url": "https://scontent.fbcdn.net/a.png"}},
        {"type": "story_mention", "payload": {"url": "https://lookaside.fbsbx.com/s"}},
        {"type": "location"}, "damaged",
    ]  # fmt: skip
    update = {
        "sender": {"id": "77"}, "timestamp": int(NOW.timestamp() * 1000),
        "message": {"mid": "m1", "attachments": attachments},
    }  # fmt: skip
    body = json.dumps({"object": "instagram", "entry": [{"messaging": [update]}]})
    event = InboundEvent(pk=1, connection=page, body=body, dedup_key="1", received_at=NOW)
    take_direct(page, [event], NOW)
    rows = Attachment.objects.order_by("pk").values_list("name", "held_because", "fetch_at")
    why = "Only its network shows it. Look at it there."
    assert list(rows) == [
        ("Picture", "", NOW), ("Story mention", why, None), ("Location", why, None),
    ]  # fmt: skip


def _never(*_: Any) -> bytes:
    raise AssertionError("It was here.")
