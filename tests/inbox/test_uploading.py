"""Files of answers: chosen, checked, carried by a mail as they are, forgotten with it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.utils import timezone

from inbox.models import AgentProfile, CustomerResponse
from inbox.services.answering import AnswerError, Words, answer, take_back
from inbox.services.uploading import (
    Upload,
    clear_uploads,
    file_of,
    upload,
    upload_named,
    uploads_of,
)
from inbox.services.wording import unsigned
from outreach.models import ChannelPolicy, OutreachMessage
from outreach.platforms.email import mail_of
from outreach.services.sending.composing import outgoing_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.launch_steps import email_on
from tests.outreach.steps import contact_of, point_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.services.permissions import NotAllowedError

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4 something"


@pytest.fixture
def by(agent: User) -> Proposer:
    return Proposer.person(agent)


@pytest.fixture
def asked(workspace: Workspace) -> CustomerResponse:
    email_on(workspace)
    asked = response_of(conversation_of(workspace), subject="My order")
    asked.point.last_inbound_at = NOW
    asked.point.save()
    return asked


def kept(workspace: Workspace, by: Proposer, content: bytes = PDF, name: str = "a.pdf") -> Upload:
    return upload(workspace=workspace, name=name, content=BytesIO(content), by=by, now=NOW)


def test_a_file_goes_out_as_it_was_chosen(
    workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    text = kept(workspace, by, "Grüße\r\n".encode("latin-1"), "liste.txt")
    files = [file_of(one) for one in (kept(workspace, by), text)]
    row = answer(to=asked, words=Words("See there.", files=files), by=by, now=NOW)

    message = OutreachMessage.objects.get()
    policy = ChannelPolicy.objects.get()
    mail = mail_of(outgoing_of(message, policy=policy, version=None), with_message_id=True)
    sent = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in mail.message().walk() if part.get_filename()
    ]  # fmt: skip
    assert sent == [
        ("a.pdf", "application/pdf", PDF),
        ("liste.txt", "application/octet-stream", b"Gr\xfc\xdfe\r\n"),
    ]
    assert [(one.name, one.size) for one in row.attachments.order_by("pk")] == [
        ("a.pdf", len(PDF)), ("liste.txt", 7),
    ]  # fmt: skip
    # Taken back, they are there to be sent once more.
    take_back(response=row, by=by, now=NOW)
    again = [file_of(upload_named(workspace=workspace, token=one.token)) for one in uploads_of(row)]
    assert [one.content for one in again] == [one.content for one in files]

    for one in row.attachments.all():
        default_storage.delete(one.file.name)
    outgoing = outgoing_of(message, policy=policy, version=None)
    with pytest.raises(PlatformError, match="not there any more"):
        mail_of(outgoing, with_message_id=True)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.exe", b"MZ\x90", "can run"),
        ("page.pdf", b"<html><script>", "web page"),
        ("big.pdf", PDF + b" " * 10 * 1024**2, "larger than 10 MB"),
        ("no.txt", b"", "is empty"),
    ],
)
def test_what_may_do_harm_is_not_kept(
    workspace: Workspace, by: Proposer, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(AnswerError, match=words):
        kept(workspace, by, content, name)


def test_files_go_by_mail_and_not_too_many(
    workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    half = file_of(kept(workspace, by, PDF + b" " * 6 * 1024**2))
    small = file_of(kept(workspace, by))
    contact = contact_of(workspace, "bob@example.com")
    point_of(contact, "chat", "chat-1")
    chat = response_of(conversation_of(workspace, channel="chat", contact=contact))
    for to, files, words in (
        (asked, [half, half], "at most 10 MB"), (asked, [small] * 11, "at most 10 files"),
        (chat, [small], "not by Website chat"),
    ):  # fmt: skip
        with pytest.raises(AnswerError, match=words):
            answer(to=to, words=Words("See there.", files=files), by=by, now=NOW)
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_only_agents_keep_files_and_name_their_own(
    workspace: Workspace, other_workspace: Workspace, by: Proposer, viewer: User, outsider: User
) -> None:
    for user in (viewer, outsider):
        with pytest.raises(NotAllowedError):
            kept(workspace, Proposer.person(user))
    mine = kept(workspace, by)
    made_up = signing.dumps({"place": mine.place}, salt="inbox.upload")
    other = signing.dumps({"place": "x"}, salt="x")
    assert upload_named(workspace=workspace, token=mine.token) == mine
    for place, token in (
        (other_workspace, mine.token), (workspace, made_up), (workspace, other),
        (workspace, mine.token + "x"),
    ):  # fmt: skip
        with pytest.raises(AnswerError, match="Choose it again"):
            upload_named(workspace=place, token=token)


def test_what_nobody_sends_is_deleted_after_a_day(workspace: Workspace, by: Proposer) -> None:
    mine = kept(workspace, by, b"%PDF-1.4 forgotten")
    now = timezone.now()
    assert clear_uploads(now=now) == 0
    assert clear_uploads(now=now + timedelta(days=1, minutes=1)) >= 1
    assert not default_storage.exists(mine.place)
    with pytest.raises(AnswerError):
        upload_named(workspace=workspace, token=mine.token)


def test_what_is_chosen_twice_is_kept_for_each(workspace: Workspace, by: Proposer) -> None:
    first, second = kept(workspace, by), kept(workspace, by)
    default_storage.delete(first.place)
    assert file_of(upload_named(workspace=workspace, token=second.token)).content == PDF


def test_a_mail_is_signed_and_no_place_in_it_is_empty(
    workspace: Workspace, asked: CustomerResponse, by: Proposer, agent: User
) -> None:
    profile: dict[str, Any] = {"workspace": workspace, "user": agent}
    AgentProfile.objects.create(**profile, signature="Eva, Countersign")
    with pytest.raises(AnswerError, match=r"Fill in .* first"):
        answer(to=asked, words=Words("Hello {{ first_name }}"), by=by, now=NOW)
    row = answer(to=asked, words=Words("Hello"), by=by, now=NOW)
    assert (row.text, unsigned(row)) == ("Hello\n\n-- \nEva, Countersign", "Hello")
    contact = contact_of(workspace, "bob@example.com")
    point_of(contact, "chat", "chat-1")
    chat = response_of(conversation_of(workspace, channel="chat", contact=contact))
    assert answer(to=chat, words=Words("Hello"), by=by, now=NOW).text == "Hello"
