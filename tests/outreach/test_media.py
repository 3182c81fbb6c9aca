"""Files of messages are fetched from their network, with its credentials for nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from outreach.platforms.media import fetch
from workspaces.platforms.errors import ErrorKind, PlatformError

URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
CDN = "https://media.twiliocdn.com/AC1/x"
SECRET = {"account_sid": "AC1", "auth_token": "hidden"}


def get(handler: Any, url: str = URL, kind: str = "twilio", most: int = 100) -> bytes:
    return fetch(
        kind, url, secret=SECRET, base_url=None, allow_loopback=False, most=most,
        transport=httpx.MockTransport(handler),
    )  # fmt: skip


def test_credentials_stay_where_they_belong() -> None:
    asked: list[tuple[str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), "authorization" in request.headers))
        if str(request.url) == URL:
            return httpx.Response(307, headers={"location": CDN})
        return httpx.Response(200, content=b"picture")

    assert get(answer) == b"picture"
    assert asked == [(URL, True), (CDN, False)]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://evil.example/a", "twilio"),
        ("http://api.twilio.com/a", "twilio"),
        ("https://api.twilio.com:8443/a", "twilio"),
        ("https://u:p@api.twilio.com/a", "twilio"),
        ("https://api.twilio.com.evil.example/a", "twilio"),
        ("https://evilfbcdn.net/a", "messenger"),
        ("http://127.0.0.1/a", "messenger"),
        ("https://[::1", "messenger"),
        (CDN, "x"),
    ],
)
def test_nothing_else_is_asked(url: str, kind: str) -> None:
    with pytest.raises(PlatformError) as raised:
        get(lambda _: pytest.fail("asked"), url, kind)
    assert raised.value.kind == ErrorKind.POLICY


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404), ErrorKind.GONE),
        (httpx.Response(503), ErrorKind.TRANSIENT),
        (httpx.Response(200, content=b"x" * 101), ErrorKind.POLICY),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), ErrorKind.POLICY),
        (httpx.Response(302, headers={"location": URL}), ErrorKind.INVALID),
    ],
)
def test_what_goes_wrong_has_its_kind(answer: httpx.Response, kind: ErrorKind) -> None:
    with pytest.raises(PlatformError) as raised:
        get(lambda _: answer)
    assert raised.value.kind == kind
    assert "hidden" not in str(raised.value)


def test_what_cannot_be_reached_is_tried_again() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("hidden", request=request)

    with pytest.raises(PlatformError, match="could not be reached") as raised:
        get(breaks)
    assert raised.value.kind == ErrorKind.TRANSIENT
