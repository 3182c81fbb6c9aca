"""From a row to the far end: each message once, by the facts of the moment, with its proof."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import (
    Consent,
    Halt,
    MessageDay,
    OutreachMessage,
    OutreachTask,
    Suppression,
)
from outreach.services.sending.materialising import materialise_due
from tests.outreach.sending.steps import (
    channel_on,
    due,
    letters,
    people,
    provider_to,
    running_plan,
    send_all,
    smtp_to,
    twilio_to,
)
from tests.outreach.steps import NOW, contact_of, message_of, point_of, template_of
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_three_messages_reach_the_mail_server_and_are_sent(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    messages = [due(one, NOW) for one in people(workspace, 3)]

    run = send_all(NOW)

    assert (run.called, run.is_done) == (3, True)
    assert {one["recipient"] for one in letters(box)} == {f"p{n}@example.com" for n in range(3)}
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
    assert sent[0].proof["consent"] == sent[0].contact.consents.get().pk
    assert MessageDay.objects.get().sent == 3
    assert sent[0].point.sent == 1


def test_a_plan_whose_wave_was_not_let_go_makes_no_message(workspace: Workspace) -> None:
    plan = running_plan(workspace, people(workspace, 1), NOW)
    plan.status = "halted"
    plan.save()

    assert materialise_due(now=NOW) == 0
    assert not OutreachMessage.objects.exists()


MAILS = ["smtp", "postmark", "resend", "mailgun", "sendgrid", "brevo", "mandrill"]


@pytest.mark.parametrize("provider", MAILS)
def test_the_same_mail_goes_by_every_provider(
    box: Box, workspace: Workspace, provider: str
) -> None:
    connection = smtp_to(box, workspace) if provider == "smtp" else provider_to(
        box, workspace, provider
    )  # fmt: skip
    channel_on(connection)
    template = template_of(
        workspace, text="", body='<p>Hello {{ first_name }}, <a href="https://shop.example/a">see'
        '</a> <a href="{{ unsubscribe_url }}">leave</a></p>', markup="html",
    )  # fmt: skip
    (contact,) = people(workspace, 1)
    message = due(contact, NOW, purpose="marketing", subject="", text="", version=template.current)

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.provider, message.error) == ("sent", provider, "")
    (letter,) = letters(box, provider)
    headers = {name.lower(): value for name, value in letter["headers"].items()}
    assert letter["recipient"] == "p0@example.com"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert "/o/u/" in headers["list-unsubscribe"]
    assert "/o/c/" in letter["html"]
    assert "https://shop.example/a" not in letter["html"]
    assert "Hello P0" in letter["text"]
    if provider != "smtp":
        assert letter["metadata"]["touch_id"] == str(message.public_id)


@pytest.mark.parametrize(
    ("stops", "reason"),
    [("consent", "no_consent"), ("suppression", "suppressed"), ("domain", "suppressed")],
)
def test_what_forbids_it_at_the_moment_of_sending_keeps_it_here(
    box: Box, workspace: Workspace, stops: str, reason: str
) -> None:
    channel_on(smtp_to(box, workspace))
    (contact,) = people(workspace, 1)
    message = due(contact, NOW, purpose="marketing")
    if stops == "consent":
        Consent.objects.create(
            workspace=workspace, contact=contact, channel="email", purpose="marketing",
            is_given=False, source="unsubscribe", at=NOW,
        )  # fmt: skip
    else:
        value = "p0@example.com" if stops == "suppression" else "example.com"
        Suppression.objects.create(
            workspace=workspace, value=value, is_domain=stops == "domain", reason="manual", at=NOW
        )

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.proof["refused"]) == ("cancelled", reason)
    assert message.refusal_reason
    assert letters(box) == []


def test_a_person_who_heard_from_us_today_hears_again_a_day_later(
    box: Box, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace))
    (contact,) = people(workspace, 1)
    due(contact, NOW, key="first", purpose="marketing")
    second = due(contact, NOW, key="second", purpose="marketing")

    send_all(NOW)

    second.refresh_from_db()
    assert (second.status, second.send_at) == ("scheduled", NOW + 24 * HOUR)
    assert len(letters(box)) == 1
    send_all(NOW + 24 * HOUR)
    second.refresh_from_db()
    assert second.status == "sent"


def test_the_same_text_is_sent_to_a_person_once_a_week(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    (contact,) = people(workspace, 1)
    given = {"purpose": "marketing", "content_sha256": "a" * 64}
    due(contact, NOW, key="first", **given)
    again = due(contact, NOW + 48 * HOUR, key="again", **given)

    send_all(NOW)
    send_all(NOW + 48 * HOUR)

    again.refresh_from_db()
    assert (again.status, again.proof["refused"]) == ("cancelled", "duplicate")


def test_a_text_waits_for_the_morning_where_the_person_lives(
    box: Box, workspace: Workspace
) -> None:
    channel_on(twilio_to(box, workspace), "sms", sender="+15005550006")
    contact = contact_of(workspace)
    point = point_of(contact, "sms", "+4915112345678")
    night = NOW.replace(hour=21)  # 23 h in Berlin
    message = message_of(
        contact, purpose="marketing", send_at=night, dedup_key="sms", channel="sms", point=point
    )

    send_all(night)

    message.refresh_from_db()
    assert message.send_at == NOW.replace(day=11, hour=7)  # 9 h there
    assert letters(box) == []


@pytest.mark.parametrize("stop", ["kill switch", "halt", "domain halt", "off", "paused", "plan"])
def test_nothing_leaves_while_something_stops_it(box: Box, workspace: Workspace, stop: str) -> None:
    policy = channel_on(smtp_to(box, workspace))
    plan = running_plan(workspace, people(workspace, 1), NOW)
    materialise_due(now=NOW)
    if stop == "kill switch":
        workspace.kill_switch = True
        workspace.save()
    elif "halt" in stop:
        scope = "shop.example" if stop == "domain halt" else ""
        Halt.objects.create(
            workspace=workspace, channel="email", scope=scope, reason="Complaints", since=NOW
        )
    elif stop == "off":
        policy.is_on = False
        policy.save()
    elif stop == "paused":
        plan.campaign.status = "paused"
        plan.campaign.save()
    else:
        plan.status = "halted"
        plan.save()

    run = send_all(NOW)

    assert run.called == 0
    assert OutreachMessage.objects.get().status == "scheduled"
    assert letters(box) == []


def test_what_is_late_is_not_sent(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    message = due(people(workspace, 1)[0], NOW, expires_at=NOW + HOUR)

    send_all(NOW + 2 * HOUR)

    message.refresh_from_db()
    assert (message.status, message.proof["refused"]) == ("cancelled", "expired")


def test_a_message_on_linkedin_becomes_a_task(workspace: Workspace) -> None:
    channel_on(None, "linkedin", workspace=workspace, sender="")
    contact = contact_of(workspace)
    point = point_of(contact, "linkedin", "ann-meyer")
    message = message_of(
        contact, purpose="marketing", send_at=NOW, dedup_key="li", channel="linkedin", point=point
    )

    send_all(NOW)

    message.refresh_from_db()
    task = OutreachTask.objects.get()
    assert (message.status, task.reason, task.message) == ("pending", "assisted", message)
    assert task.link == "https://www.linkedin.com/in/ann-meyer/"
