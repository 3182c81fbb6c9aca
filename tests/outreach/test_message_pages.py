"""Pages of messages: the log, a message with its proof, tasks, deliverability, channels."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from outreach.models import (
    ChannelPolicy,
    Consent,
    Halt,
    MessageDay,
    MessageEvent,
    OutreachMessage,
    OutreachPolicy,
    OutreachTask,
    Suppression,
)
from tests.outreach.launch_steps import email_on
from tests.outreach.steps import contact_of, message_of
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


def _message(workspace, name: str = "Ann", **values: Any) -> OutreachMessage:
    contact = contact_of(workspace, f"{name.lower()}@example.com", first_name=name)
    return message_of(contact, **values)


@pytest.fixture
def post(client_as, workspace):
    """Send a form as somebody."""

    def send(person, path: str, **values: Any):
        given = {"workspace": str(workspace.public_id), **values}
        return client_as(person).post(path, given)

    return send


def test_channels_stand_in_the_sidebar_of_who_may_open_them(client_as, viewer, admin):
    link = 'href="/outreach/channels/"'

    assert link in client_as(admin).get("/outreach/messages/").text
    assert link not in client_as(viewer).get("/outreach/messages/").text


def test_the_log_is_filtered_and_paged(client_as, viewer, workspace, django_assert_max_num_queries):
    now = timezone.now()
    _message(workspace, "Ann", status="sent", sent_at=now)
    _message(workspace, "Bob", status="sending", is_unsure=True)
    client = client_as(viewer)
    client.get("/outreach/messages/")

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/outreach/messages/").text
    assert "ann@example.com" in page
    assert "bob@example.com" in page
    for query, shown, hidden in (
        ("status=sent", "ann@", "bob@"),
        ("unsure=yes", "bob@", "ann@"),
        ("q=bob%40ex", "bob@", "ann@"),
        ("q=ANN", "ann@", "bob@"),
    ):
        found = client.get(f"/outreach/messages/?{query}").text
        assert shown in found, query
        assert hidden not in found, query
    assert "No message fits." in client.get("/outreach/messages/?channel=sms").text
    assert "No message fits." in client.get("/outreach/messages/?campaign=nonsense").text


def test_a_message_shows_its_story_and_its_proof_in_words(
    client_as, viewer, workspace, django_assert_max_num_queries
):
    now = timezone.now()
    message = _message(workspace, status="clicked", sent_at=now, html="<h1>Hi</h1>")
    consent = Consent.objects.get()
    message.proof = {
        "consent": consent.pk,
        "caps": {"marketing_day": 0, "marketing_week": 2, "day": 1, "week": 3},
        "window": "not_needed", "quiet_hours": "open", "suppression_version": 17,
        "judged_at": now.isoformat(),
    }  # fmt: skip
    message.save(update_fields=["proof"])
    MessageEvent.objects.create(
        workspace=workspace, message=message, kind="clicked", key="k", at=now,
        detail={"url": "https://shop.example/offer"},
    )  # fmt: skip
    client = client_as(viewer)
    path = reverse("outreach-message", args=[message.public_id])
    client.get(path)

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(path).text
    assert "Given on 1 Jan 2026 00:00:00 UTC by form for marketing by E-mail" in page
    assert "0 marketing messages in 24 hours and 2 in 7 days, of all kinds 1 and 3" in page
    assert "It was no quiet hour where they live." in page
    assert "(list as of entry 17)" in page
    assert "https://shop.example/offer" in page


def test_the_body_is_shown_where_it_can_do_nothing(client_as, viewer, workspace):
    message = _message(workspace, html="<script>alert(1)</script><img src=https://x.example/p>")

    answer = client_as(viewer).get(reverse("outreach-message-body", args=[message.public_id]))

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "img-src data:" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_messages_of_others_do_not_exist(client_as, outsider, workspace):
    message = _message(workspace)

    for name in ("outreach-message", "outreach-message-body"):
        assert client_as(outsider).get(reverse(name, args=[message.public_id])).status_code == 404


def test_tasks_show_what_people_have_to_do(
    client_as, viewer, workspace, django_assert_max_num_queries
):
    now = timezone.now()
    by_hand = _message(workspace, "Ann")
    unsure = _message(workspace, "Bob", status="sending", is_unsure=True)
    _message(workspace, "Cy", status="failed", failed_at=now, error="No such number")
    OutreachTask.objects.create(
        workspace=workspace, message=by_hand, reason="assisted", link="https://social.example/ann"
    )
    OutreachTask.objects.create(workspace=workspace, message=unsure, reason="unsure")
    client = client_as(viewer)
    client.get("/outreach/tasks/")

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/outreach/tasks/").text
    assert "https://social.example/ann" in page
    assert "bob@example.com" not in page
    assert "bob@example.com" in client.get("/outreach/tasks/?tab=unsure").text
    assert "No such number" in client.get("/outreach/tasks/?tab=failed").text


def test_deliverability_holds_rates_against_the_lines(
    client_as, viewer, workspace, django_assert_max_num_queries
):
    email_on(workspace)
    now = timezone.now()
    today = now.astimezone(workspace.zone).date()
    for domain, complained in (("bad.example", 4), ("good.example", 0)):
        MessageDay.objects.create(
            workspace=workspace, day=today, channel="email", domain=domain, sent=1_000,
            delivered=1_000, complained=complained,
        )  # fmt: skip
    Suppression.objects.create(
        workspace=workspace, value="tired@bad.example", reason="bounce", at=now,
        until=now + timedelta(days=30),
    )  # fmt: skip
    client = client_as(viewer)
    client.get("/outreach/deliverability/")

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/outreach/deliverability/").text
    assert page.count("past a line") == 1
    assert "Complaints 0.20 %" in page
    assert "careful from 0.10 %, stopped from 0.30 %" in page
    assert "tired@bad.example" in page
    assert "shop.example" in page


def test_a_channel_is_stopped_by_an_operator_and_let_go_by_an_approver(
    post, workspace, operator, approver
):
    post(operator, "/outreach/deliverability/stop/", channel="sms", reason="Wrong numbers.")
    halt = Halt.objects.get()
    assert (halt.channel, halt.lifted_at) == ("sms", None)
    lift = reverse("outreach-halt-lift", args=[halt.pk])

    assert post(operator, lift, reason="Fine.").status_code == 403
    post(approver, lift, reason="")
    halt.refresh_from_db()
    assert halt.lifted_at is None
    post(approver, lift, reason="Numbers are right.")
    halt.refresh_from_db()
    assert "Numbers are right." in halt.lifted_by_label
    assert Proposal.objects.filter(workspace=workspace, summary__startswith="Send nothing").exists()


def test_an_admin_sets_a_channel_up(
    post, client_as, admin, workspace, django_assert_max_num_queries
):
    connection = email_on(workspace).connection
    path = reverse("outreach-channel-save", args=["email"])

    post(
        admin, path, is_on="yes", connection=connection.public_id, sender="Shop <s@shop.example>",
        reply_to="", unit_cost="0.002", rate_per_second="20",
        daily_limit="500", warms_up_since="2026-06-01",
    )  # fmt: skip
    policy = ChannelPolicy.objects.get(channel="email")
    assert (policy.sender, str(policy.unit_cost), policy.rate_per_second) == (
        "Shop <s@shop.example>", "0.002000", 20,
    )  # fmt: skip
    assert (policy.daily_limit, policy.warms_up_since) == (500, date(2026, 6, 1))
    for name, wrong in (("daily_limit", "0"), ("daily_limit", "-5"), ("warms_up_since", "soon")):
        post(admin, path, is_on="yes", connection="", **{name: wrong})
    post(admin, path, is_on="yes", unit_cost="-1", rate_per_second="0", connection="")
    policy.refresh_from_db()
    assert (policy.connection, policy.rate_per_second) == (connection, 20)

    client = client_as(admin)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/outreach/channels/").text
    assert "Nobody is disturbed from 20:00 to 09:00 where they live." in page
    assert "Its terms forbid machines to send" in page
    assert "0 of 500 sent today" in page
    assert "0 of 1,000 sent today" in page


def test_channels_are_an_admins(post, client_as, approver, workspace, other_workspace, admin):
    theirs = email_on(other_workspace).connection
    path = reverse("outreach-channel-save", args=["email"])

    assert client_as(approver).get("/outreach/channels/").status_code == 403
    assert post(approver, path, is_on="yes").status_code == 403
    post(admin, path, is_on="yes", connection=theirs.public_id, rate_per_second="5")

    assert not ChannelPolicy.objects.filter(workspace=workspace).exists()


def test_a_policy_without_an_address_is_called_out(client_as, admin, workspace):
    page = client_as(admin).get("/outreach/channels/").text
    assert "Marketing mails need your postal address" in page

    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street")

    page = client_as(admin).get("/outreach/channels/").text
    assert "Marketing mails need your postal address" not in page


def test_tasks_are_settled_by_operators(post, workspace, operator, viewer):
    by_hand = _message(workspace, "Ann", status="pending")
    unsure = _message(workspace, "Bob", status="sending", is_unsure=True)
    tasks = {
        reason: OutreachTask.objects.create(workspace=workspace, message=message, reason=reason)
        for message, reason in ((by_hand, "assisted"), (unsure, "unsure"))
    }
    done = reverse("outreach-task-act", args=[tasks["assisted"].public_id, "done"])

    assert post(viewer, done).status_code == 403
    assert post(operator, done).url == "/outreach/tasks/?tab=hand"
    post(operator, reverse("outreach-task-act", args=[tasks["unsure"].public_id, "dismiss"]))

    by_hand.refresh_from_db()
    unsure.refresh_from_db()
    assert (by_hand.status, by_hand.sent_at is None) == ("sent", False)
    assert (unsure.status, unsure.sent_at, unsure.is_unsure) == ("cancelled", None, False)


def test_what_failed_is_tried_again(post, workspace, operator, viewer):
    now = timezone.now()
    message = _message(workspace, status="failed", failed_at=now, error="Not now", tries=5)
    path = reverse("outreach-message-replay", args=[message.public_id])

    assert post(viewer, path).status_code == 403
    post(operator, path)

    message.refresh_from_db()
    assert (message.status, message.tries, message.error) == ("scheduled", 0, "")
