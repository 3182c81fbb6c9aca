"""What the addresses in messages do, for readers, for machines, and for who makes them up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from outreach.addresses import (
    click_address,
    pixel_address,
    preferences_address,
    unsubscribe_address,
)
from outreach.models import Consent, MessageEvent, OutreachMessage, Suppression, TrackedLink
from outreach.services.leaving import choices_of
from tests.outreach.steps import NOW, contact_of, message_of, point_of
from tests.workspaces.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db
READER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko Firefox/140.0"}
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


@pytest.fixture
def message() -> OutreachMessage:
    contact = contact_of(WorkspaceFactory(name="Corner Shop"))
    return message_of(contact, status="sent", sent_at=NOW)


@pytest.fixture
def link(message: OutreachMessage) -> TrackedLink:
    url = "https://shop.example/sale?a=1&b=2"
    return TrackedLink.objects.create(workspace=message.workspace, url=url, sha256="1" * 64)


def visit(address: str, **headers: Any) -> Any:
    return Client(enforce_csrf_checks=True).get(address, **{**READER, **headers})


def test_a_link_leads_on_and_counts(message: OutreachMessage, link: TrackedLink) -> None:
    answer = visit(click_address(message.public_id, link.pk))

    message.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, link.url)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert message.links_clicked == {link.url: 1}
    assert not answer.cookies


def test_the_picture_counts_an_opening(message: OutreachMessage) -> None:
    answer = visit(pixel_address(message.public_id))

    message.refresh_from_db()
    assert (answer["Content-Type"], answer.content[:6]) == ("image/gif", b"GIF89a")
    assert "no-store" in answer["Cache-Control"]
    assert (message.status, message.open_count) == ("opened", 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_USER_AGENT": "Barracuda Sentinel (EE)"},
        {"HTTP_USER_AGENT": "curl/8.5.0"},
        {"HTTP_USER_AGENT": ""},
        {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
    ],
)
def test_machines_are_led_on_and_not_counted(
    message: OutreachMessage, link: TrackedLink, headers: dict[str, str]
) -> None:
    assert visit(click_address(message.public_id, link.pk), **headers).status_code == 302
    assert visit(pixel_address(message.public_id), **headers).status_code == 200

    assert not MessageEvent.objects.exists()


def test_a_proxy_that_loads_for_a_reader_counts(message: OutreachMessage) -> None:
    agent = (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    )

    visit(pixel_address(message.public_id), HTTP_USER_AGENT=agent)

    assert MessageEvent.objects.get().kind == "opened"


def test_nobody_clicks_within_two_seconds(message: OutreachMessage, link: TrackedLink) -> None:
    from django.utils import timezone

    other = message_of(
        contact_of(message.workspace, "bob@example.com"), status="sent",
        sent_at=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip

    visit(click_address(other.public_id, link.pk))

    assert not MessageEvent.objects.exists()


def test_a_link_leads_to_addresses_of_messages_only(
    message: OutreachMessage, link: TrackedLink
) -> None:
    foreign = TrackedLink.objects.create(
        workspace=WorkspaceFactory(), url="https://evil.example/", sha256="2" * 64
    )
    whole = click_address(message.public_id, link.pk)

    assert visit(click_address(message.public_id, foreign.pk)).status_code == 404
    assert visit(whole[:-4] + "AAAA").status_code == 404
    assert visit(whole.replace("/c/", "/u/")).status_code == 200  # shows the page of nobody
    assert not MessageEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=x"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_one_click_unsubscribes_at_once_without_cookies(
    message: OutreachMessage, body: bytes, content_type: str
) -> None:
    address = unsubscribe_address(message.public_id)
    client = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = client.post(address, data=body, content_type=content_type)
        assert answer.status_code == 200
        assert not answer.cookies

    row = Suppression.objects.get()
    assert (row.value, row.reason, row.purpose) == ("ann@example.com", "unsubscribe", "marketing")
    consent = Consent.objects.get(is_given=False)
    assert consent.evidence == {"message": str(message.public_id), "by": "one click"}
    message.refresh_from_db()
    assert message.status == "unsubscribed"


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_unsubscribes_nobody(message: OutreachMessage, method: str) -> None:
    answer = getattr(Client(), method)(unsubscribe_address(message.public_id), **READER)

    assert answer.status_code == 200
    assert not Suppression.objects.exists()
    assert not Consent.objects.filter(is_given=False).exists()


def test_the_page_names_who_and_where_without_telling_it_all(message: OutreachMessage) -> None:
    text = visit(unsubscribe_address(message.public_id)).content.decode()

    assert "Corner Shop" in text
    assert "a•••@example.com" in text
    assert "ann@example.com" not in text


def test_a_made_up_token_is_answered_like_any_other(message: OutreachMessage) -> None:
    address = unsubscribe_address(message.public_id)[:-6] + "AAAAAA"

    answer = Client(enforce_csrf_checks=True).post(address, data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert not Suppression.objects.exists()


def test_a_recipient_chooses_what_comes_by_which_channel(message: OutreachMessage) -> None:
    contact = message.contact
    point_of(contact, "sms", "+491701234567")
    address = preferences_address(message.public_id)
    client = Client(enforce_csrf_checks=True)

    text = client.get(address).content.decode()
    assert text.count("checked") == 2
    answer = client.post(address, data={"channel": "sms"})

    assert "Saved." in answer.content.decode()
    assert [(one.channel, one.is_on) for one in choices_of(contact)] == [
        ("email", False), ("sms", True),
    ]  # fmt: skip
    assert Suppression.objects.get().value == "ann@example.com"


def test_who_comes_back_is_written_to_again_but_not_where_he_complained(
    message: OutreachMessage,
) -> None:
    client, address = Client(), preferences_address(message.public_id)
    client.post(unsubscribe_address(message.public_id), data={"confirm": "1"})
    Suppression.objects.create(
        workspace=message.workspace, value="ann@example.com", reason="complaint", at=NOW,
        channel="email",
    )  # fmt: skip

    client.post(address, data={"channel": "email"})

    open_rows = Suppression.objects.filter(lifted_at=None)
    assert [row.reason for row in open_rows] == ["complaint"]
    assert choices_of(message.contact)[0].is_on


def test_leaving_again_by_an_old_message_counts_again(message: OutreachMessage) -> None:
    client, leave = Client(), unsubscribe_address(message.public_id)
    client.post(leave, data={"confirm": "1"})
    client.post(preferences_address(message.public_id), data={"channel": "email"})

    client.post(leave, data={"confirm": "1"})

    assert not choices_of(message.contact)[0].is_on
    assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_preferences_of_nobody_are_not_found() -> None:
    assert Client().get("/o/preferences/AAAA").status_code == 404
    assert Client().post("/o/preferences/AAAA", data={"channel": "email"}).status_code == 404
