"""What platforms said, as files, and a wire that plays it back and remembers what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import httpx

from campaigns.platforms.google import Google
from campaigns.platforms.google_wire import RefreshingToken
from campaigns.platforms.meta import Meta
from campaigns.platforms.tiktok import TikTok

CANARY = "EAAcanary7f3d9c1b5e"
HERE = Path(__file__).parent


def payload(name: str) -> object:
    return json.loads((HERE / f"{name}.json").read_text())


def answer(name: str, status: int = 200, **headers: str) -> httpx.Response:
    """A recorded answer; underscores in header names stand for hyphens."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return httpx.Response(status, json=payload(name), headers=named)


class Wire:
    """Answers calls in the order given and keeps the requests; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception | Callable) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self._respond)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.answers, f"unexpected call: {request.method} {request.url}"
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    def form(self, index: int = -1) -> dict[str, str]:
        return dict(parse_qsl(self.requests[index].content.decode()))

    def json(self, index: int = -1) -> dict:
        return json.loads(self.requests[index].content)

    def query(self, index: int = -1) -> dict[str, str]:
        return dict(self.requests[index].url.params)


def meta(wire: Wire, **options: str) -> Meta:
    return Meta(access_token=CANARY, transport=wire.transport, **options)


def google(wire: Wire, **options: str) -> Google:
    auth = RefreshingToken(
        client_id="client",
        client_secret=f"{CANARY}-client",
        refresh_token=f"{CANARY}-refresh",
        developer_token=f"{CANARY}-developer",
        login_customer_id="999-999-9999",
        monotonic=lambda: 1_000.0,
    )
    return Google(auth=auth, transport=wire.transport, **options)


def tiktok(wire: Wire, **options: object) -> TikTok:
    return TikTok(access_token=CANARY, transport=wire.transport, **options)
