"""Webhooks that go out by themselves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.calling import Caller
from sandbox.server import Sandbox
from tests.sandbox.conftest import Box

SURE = {"rules": [{"delivered": 1, "hard": 0, "soft": 0, "deferred": 0, "opened": 0, "clicked": 0}]}
MAIL = {"platform": "resend", "id": "m1", "token": "key"}
LETTER = {"from": "us@shop.example", "to": ["a@x.example"], "subject": "Hi", "text": "Hello"}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # name of the standard library
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.heard.append(body["type"])
        if len(server.heard) == 2:
            server.heard_all.set()
        self.send_response(server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.heard, server.status, server.heard_all = [], 204, threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def called(box: Box, receiver: Any) -> Box:
    """The sandbox whose account took a mail ten days ago, and calls the receiver about it."""
    box.control("clock", {"real": True})
    box.seed(MAIL)
    box.control("messages/model", SURE)
    taken = box.http.post("/emails", json=LETTER, headers={"Authorization": "Bearer key"})
    assert taken.status_code == 200
    url = f"http://127.0.0.1:{receiver.server_address[1]}/hooks"
    box.control("webhooks", {"platform": "resend", "account": "m1", "url": url})
    box.control("clock", {"advance_s": 10 * 86_400})
    return box


@pytest.fixture
def caller(_server: Sandbox) -> Caller:
    return Caller(_server.server.application, every_s=0.01)


@pytest.mark.usefixtures("called")
def test_what_happened_is_told_once(caller: Caller, receiver: Any) -> None:
    caller.look()
    caller.look()

    assert receiver.heard == ["email.sent", "email.delivered"]


@pytest.mark.usefixtures("called")
def test_what_was_not_taken_is_told_again(caller: Caller, receiver: Any) -> None:
    receiver.status = 503
    caller.look()
    receiver.status = 200
    caller.look()
    caller.look()

    assert receiver.heard == ["email.sent", "email.delivered"] * 2


def test_nothing_is_told_while_the_past_is_arranged(
    called: Box, caller: Caller, receiver: Any
) -> None:
    called.control("clock", {"set": "2030-01-01T12:00:00+00:00"})
    caller.look()

    assert receiver.heard == []


def test_an_account_without_an_address_tells_nothing(
    called: Box, caller: Caller, receiver: Any
) -> None:
    called.control("webhooks", {"platform": "resend", "account": "m1"})
    caller.look()

    assert receiver.heard == []
    unknown = {"platform": "resend", "account": "nobody", "url": "http://127.0.0.1:9/"}
    assert called.http.post("/_sandbox/webhooks", json=unknown).status_code == 400


@pytest.mark.usefixtures("called")
def test_it_looks_by_itself_until_it_is_stopped(caller: Caller, receiver: Any) -> None:
    caller.start()
    receiver.heard_all.wait(10)
    caller.stop()

    assert receiver.heard == ["email.sent", "email.delivered"]
    assert not caller.is_alive()
