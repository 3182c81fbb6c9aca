"""From a row to the far end: each message once, by the facts of the moment, with its proof."""

from __future__ import annotations

import pytest

from outreach.models import MessageDay, OutreachMessage
from outreach.services.sending.materialising import materialise_due
from tests.outreach.sending.steps import (
    channel_on,
    due,
    letters,
    people,
    running_plan,
    send_all,
    smtp_to,
)
from tests.outreach.steps import NOW
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def test_three_messages_reach_the_mail_server_and_are_sent(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    messages = [due(one, NOW) for one in people(workspace, 3)]

    run = send_all(NOW)

    assert (run.called, run.is_done) == (3, True)
    assert [one["recipient"] for one in letters(box)] == [f"p{n}@example.com" for n in range(3)]
    for message in messages:
        message.refresh_from_db()
        assert (message.status, message.sent_at, message.provider) == ("sent", NOW, "smtp")
        assert message.provider_message_id == f"<{message.public_id}@shop.example>"


def test_a_signed_plan_becomes_messages_and_they_go_out(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    plan = running_plan(workspace, people(workspace, 3), NOW)

    assert materialise_due(now=NOW) == 3
    assert materialise_due(now=NOW) == 0
    send_all(NOW)

    sent = OutreachMessage.objects.filter(plan=plan).order_by("pk")
    assert [(one.status, one.text) for one in sent] == [("sent", f"Hello P{n}") for n in range(3)]
    assert sent[0].proof["rows_sha256"] == plan.rows_sha256
    assert sent[0].proof["caps"] == {"marketing_day": 0, "marketing_week": 0, "day": 0, "week": 0}
    assert MessageDay.objects.get().sent == 3
