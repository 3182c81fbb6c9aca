"""Tokens stay out of logs, who guesses them is held up, and nobody else is."""

from __future__ import annotations

import logging
import logging.config
import zlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from gunicorn.config import Config

from config.access_log import MaskedLogger
from config.masking import masked
from outreach import link_limits
from outreach.addresses import (
    click_address,
    pixel_address,
    preferences_address,
    unsubscribe_address,
)
from outreach.models import OutreachMessage, TrackedLink
from tests.outreach.steps import NOW, contact_of, message_of
from tests.workspaces.factories import WorkspaceFactory

READER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko Firefox/140.0"}
KINDS = [pixel_address, unsubscribe_address, preferences_address]


@pytest.fixture(autouse=True)
def a_frozen_minute(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """One window for each test, that no clock ends: all workers count in one place."""
    minute = 30_000_000 + zlib.crc32(request.node.nodeid.encode())
    monkeypatch.setattr(link_limits, "time", SimpleNamespace(time=lambda: 60.0 * minute))


@pytest.fixture
def message() -> OutreachMessage:
    return message_of(contact_of(WorkspaceFactory()), status="sent", sent_at=NOW)


def ask(path: str, address: str = "203.0.113.7", **more: Any) -> Any:
    return Client().get(path, REMOTE_ADDR=address, **{**READER, **more})


def token_of(address: str) -> str:
    return address.rpartition("/")[2].removesuffix(".gif")


@pytest.mark.django_db
@pytest.mark.parametrize("address_of", KINDS)
def test_no_line_of_a_log_holds_a_token(
    message: OutreachMessage, address_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    address = address_of(message.public_id)
    request = RequestFactory().get(address)
    formatter = logging.config.dictConfigClass(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["json"])
    )
    record = logging.LogRecord("django.request", 30, "", 1, "Not Found: %s", (address,), None)
    record.request = request

    line = formatter.format(record)

    assert token_of(address) not in line
    assert "[token]" in line
    assert request.path.rpartition("/")[0] in line


def test_gunicorn_writes_no_token() -> None:
    logger = MaskedLogger(Config())
    environ = {
        "REQUEST_METHOD": "GET", "RAW_URI": "/o/c/ABCdef_-123", "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": "/o/c/ABCdef_-123", "HTTP_REFERER": "https://x.example/o/u/ABCdef_-123",
        "REMOTE_ADDR": "203.0.113.7",
    }  # fmt: skip
    answer = SimpleNamespace(status="302 Found", sent=0, headers=[])

    atoms = logger.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))

    assert atoms["r"] == "GET /o/c/[token] HTTP/1.1"
    assert not [name for name, value in atoms.items() if "ABCdef" in str(value)]


def test_other_addresses_stay_as_they_are() -> None:
    assert masked("GET /outreach/messages/01a2?x=/o/") == "GET /outreach/messages/01a2?x=/o/"
    assert masked("/o/p/AbC-_9.gif") == "/o/p/[token].gif"
    assert masked("/o/preferences/AbC then /o/u/D") == "/o/preferences/[token] then /o/u/[token]"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["c", "p", "u", "preferences"])
def test_who_guesses_is_held_up_and_what_a_token_proves_is_not(
    message: OutreachMessage, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_limits, "MOST_WRONG", 3)
    address = f"198.51.100.{len(kind)}{ord(kind[0]) % 10}"
    wrong = f"/o/{kind}/{'A' * 48}" + (".gif" if kind == "p" else "")
    for _ in range(3):
        assert ask(wrong, address).status_code in (200, 404)

    refused = ask(wrong, address)

    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert ask(wrong, "192.0.2.1").status_code in (200, 404)
    # The same address, with what was sent to somebody behind it.
    assert ask(pixel_address(message.public_id), address).status_code == 200
    left = Client().post(unsubscribe_address(message.public_id), REMOTE_ADDR=address)
    message.refresh_from_db()
    assert (left.status_code, message.status) == (200, "unsubscribed")


@pytest.mark.django_db
def test_a_flood_is_answered_and_not_noted_any_more(
    message: OutreachMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_limits, "MOST_NOTED", 2)
    url = "https://shop.example/a"
    link = TrackedLink.objects.create(workspace=message.workspace, url=url, sha256="1" * 64)
    click = click_address(message.public_id, link.pk)

    answers = [ask(click, "198.51.100.200") for _ in range(4)]

    message.refresh_from_db()
    assert [(one.status_code, one["Location"]) for one in answers] == [(302, url)] * 4
    assert message.click_count == 2
    ask(click, "198.51.100.201")
    message.refresh_from_db()
    assert message.click_count == 3


@pytest.mark.django_db
def test_behind_a_proxy_it_is_the_readers_address_that_counts(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(link_limits, "MOST_WRONG", 1)
    wrong = f"/o/u/{'B' * 48}"

    def by(forwarded: str) -> int:
        return ask(wrong, "10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded).status_code

    assert by("198.51.100.31") == 200
    assert by("198.51.100.31") == 429
    # What the reader himself put there first says nothing.
    assert by("198.51.100.99, 198.51.100.31") == 429
    assert by("198.51.100.32") == 200
