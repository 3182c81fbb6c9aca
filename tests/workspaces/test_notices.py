"""Notices: rows once, mail once."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse

from tests.workspaces import smtp_sink
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces import tasks
from workspaces.models import (
    Notification,
    NotificationPreference,
    WebhookDelivery,
    WebhookFormat,
)
from workspaces.roles import Role
from workspaces.services import notices, webhooks_out


def _notify(workspace, now, **options):
    options = {"topic": "approvals", "title": "3 changes wait", "dedup_key": "k1", **options}
    notices.notify(workspace=workspace, now=now, **options)


@pytest.fixture
def sink(settings):
    with smtp_sink.running() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def _told(workspace) -> set[str]:
    rows = Notification.objects.filter(workspace=workspace)
    return set(rows.values_list("user__email", flat=True))


def test_rank_chooses_members_of_this_workspace(workspace, viewer, approver, admin, outsider, now):
    _notify(workspace, now, rank=Role.APPROVER.rank)

    assert _told(workspace) == {approver.email, admin.email}
    assert not outsider.notifications.exists()


def test_named_users_are_told_only_if_members(workspace, viewer, approver, outsider, now):
    _notify(workspace, now, users=[viewer, outsider])

    assert _told(workspace) == {viewer.email}
    assert not outsider.notifications.exists()


def test_same_key_is_told_once(workspace, approver, now):
    _notify(workspace, now)
    _notify(workspace, now + timedelta(hours=1))
    _notify(workspace, now, dedup_key="x" * 300)
    _notify(workspace, now, dedup_key="x" * 299 + "y")

    assert approver.notifications.count() == 3


def test_number_of_queries_does_not_grow_with_members(
    workspace, now, django_assert_max_num_queries
):
    for _ in range(12):
        MembershipFactory(workspace=workspace)

    with django_assert_max_num_queries(6):
        _notify(workspace, now)
    assert Notification.objects.count() == 12


def test_mail_goes_out_once_over_smtp(workspace, approver, now, sink, settings):
    settings.PUBLIC_BASE_URL = "https://sign.example"
    _notify(workspace, now, title="3 changes\nBcc: spy@example.com", url="/approvals/")

    assert notices.deliver_mails(now=now) == 1
    assert notices.deliver_mails(now=now) == 0

    [(recipients, message)] = sink.received
    assert recipients == [approver.email]
    assert message["Subject"] == "[Acme] 3 changes Bcc: spy@example.com"
    assert message["Bcc"] is None
    assert "https://sign.example/approvals/" in message.get_content()


def test_those_who_want_no_mail_at_once_get_none(workspace, approver, viewer, now):
    NotificationPreference.objects.create(workspace=workspace, user=viewer, email_at_once=False)
    _notify(workspace, now)
    _notify(workspace, now, dedup_key="k2", email=False)

    notices.deliver_mails(now=now)

    assert [message.to for message in mail.outbox] == [[approver.email]]
    assert viewer.notifications.count() == 2


def test_dead_mail_server_gives_the_rows_back(workspace, approver, viewer, now, sink, settings):
    _notify(workspace, now)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = unused.getsockname()[1]
        assert notices.deliver_mails(now=now) == 0
    settings.EMAIL_PORT = sink.port

    assert notices.deliver_mails(now=now + timedelta(minutes=1)) == 2
    assert len(sink.received) == 2


def test_refused_address_does_not_hold_the_others_up(workspace, approver, viewer, now, sink):
    sink.refused.add(approver.email)
    _notify(workspace, now)

    notices.deliver_mails(now=now)
    notices.deliver_mails(now=now)

    assert [recipients for recipients, _ in sink.received] == [[viewer.email]]


def test_mail_older_than_a_day_is_no_news(workspace, approver, now):
    _notify(workspace, now)

    assert notices.deliver_mails(now=now + timedelta(hours=25)) == 0
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_two_senders_share_the_rows(now, sink):
    team = WorkspaceFactory()
    for _ in range(8):
        MembershipFactory(workspace=team)
    _notify(team, now)
    barrier = threading.Barrier(2)

    def send() -> None:
        barrier.wait()
        try:
            while notices.deliver_mails(now=now, limit=1):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while notices.deliver_mails(now=now, limit=1):
        pass

    recipients = sorted(to for [to], _ in sink.received)
    assert recipients == sorted(_told(team))
    assert len(recipients) == 8


def test_slack_gets_one_message_of_the_topics_it_asked_for(workspace, admin, viewer, now):
    endpoint, secret = webhooks_out.create_endpoint(
        workspace=workspace,
        url="https://hooks.slack.com/services/T0/B0/very-secret",
        by=admin,
        event_types=["approvals"],
        format=WebhookFormat.SLACK,
    )
    _notify(workspace, now, body="Look.")
    _notify(workspace, now, topic="sync", dedup_key="k2")

    assert secret == ""
    assert "very-secret" not in endpoint.url + endpoint.secret
    assert WebhookDelivery.objects.get().body == '{"text": "*3 changes wait*\\nLook."}'


def test_bell_answers_204_until_something_happens(
    workspace, viewer, client_as, now, django_capture_on_commit_callbacks
):
    client = client_as(viewer)
    with django_capture_on_commit_callbacks(execute=True):
        _notify(workspace, now)
    first = client.get(reverse("notices-bell"))
    version = first.context["version"]

    assert "Notices, 1 unread" in first.content.decode()
    assert client.get(reverse("notices-bell"), {"v": version}).status_code == 204
    with django_capture_on_commit_callbacks(execute=True):
        _notify(workspace, now, dedup_key="k2")
    assert "2 unread" in client.get(reverse("notices-bell"), {"v": version}).content.decode()


def test_reading_the_page_marks_nothing_as_read(workspace, viewer, client_as, now):
    _notify(workspace, now, url="/approvals/")
    client = client_as(viewer)
    notice = viewer.notifications.get()

    assert "3 changes wait" in client.get(reverse("notices")).content.decode()
    notice.refresh_from_db()
    assert notice.read_at is None
    answer = client.post(
        reverse("notice-read", args=[notice.pk]), {"workspace": str(workspace.public_id)}
    )
    notice.refresh_from_db()
    assert answer.url == "/approvals/"
    assert notice.read_at is not None


def test_notice_cannot_lead_to_another_site(workspace, viewer, client_as, now):
    _notify(workspace, now, url="https://evil.example/")
    notice = viewer.notifications.get()

    answer = client_as(viewer).post(
        reverse("notice-read", args=[notice.pk]), {"workspace": str(workspace.public_id)}
    )

    assert answer.url == reverse("notices")


def test_all_are_marked_as_read(workspace, viewer, approver, client_as, now):
    _notify(workspace, now)

    client_as(viewer).post(reverse("notices-read-all"), {"workspace": str(workspace.public_id)})

    assert viewer.notifications.get().read_at is not None
    assert approver.notifications.get().read_at is None


def test_page_needs_few_queries(workspace, viewer, client_as, now, django_assert_max_num_queries):
    client = client_as(viewer)
    for number in range(30):
        _notify(workspace, now, dedup_key=str(number))

    with django_assert_max_num_queries(8):
        assert client.get(reverse("notices")).status_code == 200


def test_task_sends_what_is_due(workspace, approver, now, settings):
    from django.utils import timezone

    _notify(workspace, timezone.now())

    assert tasks.deliver_notices() == 1
    assert len(mail.outbox) == 1
