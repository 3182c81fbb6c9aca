"""Workers killed while they send: everybody gets a message once, or a person is asked."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from attribution.models import Person
from outreach.models import Contact, ContactPoint, MessageStatus, OutreachMessage, OutreachTask
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from outreach.services.sending.recovering import recover
from sandbox.server import Sandbox
from tests.crash.conftest import ends_within, fork, kill
from tests.outreach.sending.steps import channel_on, provider_to, smtp_to, twilio_to
from tests.outreach.steps import NOW
from workspaces.models import Workspace

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

LONG = pytest.param(10_000, 100, marks=pytest.mark.slow)
ROUND = timedelta(minutes=11)  # longer than a lease


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox.sqlite3", smtp_port=0) as box:
        box.control("clock", {"set": NOW.isoformat()})
        # So slow that every worker is killed in the middle of its work.
        slow = {"kind": "delay", "hold_s": 0.02, "path": "^(POST|DATA)"}
        box.control("faults", {"rules": [slow]})
        yield box


def _address(channel: str, number: int) -> str:
    return f"p{number}@example.com" if channel == "email" else f"+49151{number:08d}"


def _messages(workspace: Workspace, channel: str, many: int) -> None:
    persons = Person.objects.bulk_create(Person(workspace=workspace) for _ in range(many))
    contacts = Contact.objects.bulk_create(
        Contact(workspace=workspace, person=person, time_zone="Europe/Berlin") for person in persons
    )
    points = ContactPoint.objects.bulk_create(
        ContactPoint(workspace=workspace, contact=contact, channel=channel,
                     address=_address(channel, number))
        for number, contact in enumerate(contacts)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outreach_consent (workspace_id, contact_id, channel, purpose, is_given,"
            " source, evidence, at, by_label, recorded_at) SELECT workspace_id, id, %s, 'service',"
            " true, 'form', '{}', %s, '', now() FROM outreach_contact",
            [channel, NOW - timedelta(days=30)],
        )
    OutreachMessage.objects.bulk_create(
        OutreachMessage(
            workspace=workspace, contact=point.contact, point=point, channel=channel,
            purpose="service", send_at=NOW, subject="News", text="Hello", dedup_key=str(point.pk),
        )
        for point in points
    )  # fmt: skip


def _work(at: datetime) -> None:
    with Senders(threads=4) as senders:
        recover(worker="w", senders=senders, now=at, clock=lambda: at)
        dispatch(worker="w", clock=lambda: at, senders=senders, run_for=timedelta(hours=1))


def _open() -> bool:
    return OutreachMessage.objects.filter(
        status__in=[MessageStatus.SCHEDULED, MessageStatus.SENDING], is_unsure=False
    ).exists()


def send_under_fire(box: Sandbox, kills: int) -> int:
    """Start workers and kill them at moments of chance until all is sent; how many died."""
    dice, died, moment = random.Random(20261122), 0, NOW
    while _open():
        moment += ROUND
        box.control("clock", {"set": moment.isoformat()})
        pid = fork(lambda at=moment: _work(at))
        if died < kills and not ends_within(pid, dice.uniform(0.05, 0.2)):
            kill(pid)
            died += 1
        elif died >= kills:
            os.waitpid(pid, 0)
    return died


def counts(box: Sandbox, platform: str) -> dict[str, int]:
    told = box.control(f"messages/counts?platform={platform}&by=recipient", None, "GET")
    return {name: told[name] for name in ("total", "different")}


@pytest.mark.parametrize(("many", "kills"), [(300, 6), LONG])
@pytest.mark.parametrize("provider", ["resend", "twilio"])
def test_everybody_gets_it_once_where_the_provider_can_tell(
    mailbox: Sandbox, workspace: Workspace, provider: str, many: int, kills: int
) -> None:
    if provider == "twilio":
        connected = twilio_to(mailbox, workspace)
        channel, sender = "sms", "+15005550006"
    else:
        connected = provider_to(mailbox, workspace, "resend")
        channel, sender = "email", "news@shop.example"
    channel_on(connected, channel, sender=sender)
    _messages(workspace, channel, many)

    died = send_under_fire(mailbox, kills)

    assert died == kills
    assert counts(mailbox, provider) == {"total": many, "different": many}
    assert OutreachMessage.objects.filter(status=MessageStatus.SENT).count() == many
    assert not OutreachTask.objects.exists()


@pytest.mark.parametrize(("many", "kills"), [(300, 6), LONG])
def test_a_mail_server_gets_nothing_twice_and_the_unsure_are_listed(
    mailbox: Sandbox, workspace: Workspace, many: int, kills: int
) -> None:
    channel_on(smtp_to(mailbox, workspace))
    _messages(workspace, "email", many)

    died = send_under_fire(mailbox, kills)

    took = counts(mailbox, "smtp")
    sent = OutreachMessage.objects.filter(status=MessageStatus.SENT).count()
    unsure = OutreachMessage.objects.filter(is_unsure=True).count()
    assert died == kills
    assert took["total"] == took["different"]
    assert sent + unsure == many
    assert sent <= took["total"] <= many
    assert unsure <= 8 * kills
    assert OutreachTask.objects.filter(reason="unsure", done_at=None).count() == unsure
