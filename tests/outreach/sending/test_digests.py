"""The digest by WhatsApp: an approved template at Twilio, or a sentence why not."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.models import ChannelTemplate, Suppression, TemplateVersion
from outreach.services.sending.digests import send_digest
from tests.outreach.sending.steps import channel_on, letters, twilio_to
from tests.outreach.steps import NOW
from tests.sandbox.conftest import Box
from workspaces.digest_ways import NotSentError, ShortDigest
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

SID = "HX1"
BODY = "{{1}}: {{2}}. {{3}} {{4}}"
TO = "+436601234567"


def short(workspace: Workspace) -> ShortDigest:
    return ShortDigest(
        workspace, TO, "2 unread", "Churn;\nProspecting has room", "https://x.example/n/", "d-1"
    )


def template_of(workspace: Workspace, **values: Any) -> ChannelTemplate:
    given = {"channel": "whatsapp", "name": "Daily digest", "category": "utility"}
    row = ChannelTemplate.objects.create(
        workspace=workspace, provider_key=SID, **given | {"provider_status": "approved"} | values
    )
    row.current = TemplateVersion.objects.create(
        workspace=workspace, template=row, number=1, text=BODY, sha256="0" * 64
    )
    row.status = "active"
    row.save()
    return row


@pytest.fixture
def twilio(box: Box, workspace: Workspace) -> Box:
    box.control("clock", {"set": NOW.isoformat()})
    templates = {SID: {"body": BODY, "category": "utility"}}
    connection = twilio_to(box, workspace, templates=templates)
    channel_on(connection, "whatsapp", sender="+14155238886")
    return box


def test_it_goes_as_the_approved_template(twilio: Box, workspace: Workspace) -> None:
    template_of(workspace)

    send_digest(short(workspace), NOW)

    (letter,) = letters(twilio, "twilio")
    assert letter["recipient"] == f"whatsapp:{TO}"
    assert letter["body"] == (
        f"{workspace}: 2 unread. Churn; Prospecting has room https://x.example/n/"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"provider_status": "pending"}, "no approved template"),
        ({"name": "Another"}, "no approved template"),
    ],
)
def test_without_its_template_it_says_so(
    twilio: Box, workspace: Workspace, changed: dict[str, str], words: str
) -> None:
    template_of(workspace, **changed)

    with pytest.raises(NotSentError, match=words):
        send_digest(short(workspace), NOW)
    assert letters(twilio, "twilio") == []


def test_nothing_goes_to_who_opted_out_nor_without_a_channel(
    twilio: Box, workspace: Workspace, other_workspace: Workspace
) -> None:
    template_of(workspace)
    template_of(other_workspace)
    Suppression.objects.create(
        workspace=workspace, value=TO, channel="whatsapp", reason="unsubscribe", at=NOW
    )

    with pytest.raises(NotSentError, match="wants no messages"):
        send_digest(short(workspace), NOW)
    with pytest.raises(NotSentError, match="not connected"):
        send_digest(short(other_workspace), NOW)
    workspace.kill_switch = True
    workspace.save(update_fields=["kill_switch"])
    with pytest.raises(NotSentError, match="kill switch"):
        send_digest(short(workspace), NOW)
    assert letters(twilio, "twilio") == []


@pytest.mark.parametrize("commit", [True, False])
def test_a_lost_answer_is_asked_for_before_a_mail_goes(
    twilio: Box, workspace: Workspace, *, commit: bool
) -> None:
    template_of(workspace)
    fault = {"kind": "reset", "commit": commit, "times": 1, "path": "POST .*Messages"}
    twilio.control("faults", fault)

    if commit:
        send_digest(short(workspace), NOW)
    else:
        with pytest.raises(NotSentError):
            send_digest(short(workspace), NOW)
    assert len(letters(twilio, "twilio")) == int(commit)
