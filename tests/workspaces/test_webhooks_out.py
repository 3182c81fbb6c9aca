"""Webhooks out: Standard Webhooks 1.0, retries, and no way into our own network."""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import connection, transaction

from workspaces.models import Notification, WebhookDelivery, WebhookEndpoint
from workspaces.platforms import standard_webhooks, webhook
from workspaces.services import webhook_delivery, webhooks_out
from workspaces.services.refusals import NotPermittedError
from workspaces.services.webhooks_out import WebhookRefusedError

VECTORS = json.loads((Path(__file__).parent / "payloads/standard_webhooks.json").read_text())


class Receiver(ThreadingHTTPServer):
    """Customer's server: keeps what it gets, answers as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?team=1"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append(({**headers, ":path": self.path}, body))
        status, extra = self.server.answers.pop(0) if self.server.answers else (204, {})
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def endpoint(workspace, admin, receiver) -> tuple[WebhookEndpoint, str]:
    return webhooks_out.create_endpoint(workspace=workspace, url=receiver.url, by=admin)


def _publish(workspace, now, event_id="evt_1", **options):
    options = {"event_type": "proposal.executed", "data": {"id": "7"}, **options}
    webhooks_out.publish(workspace=workspace, event_id=event_id, now=now, **options)


def _deliver(now) -> bool:
    return webhook_delivery.deliver_next(now=now, rng=random.Random(1))


def _verify(secret, call, now):
    headers, body = call
    standard_webhooks.verify(secret=secret, received=headers, body=body, now_s=now.timestamp())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_published_vectors(vector):
    given = vector["inputs"]
    body = base64.b64decode(given["body_b64"])
    try:
        standard_webhooks.verify(
            secret=given["secret"],
            received=given["headers"],
            body=body,
            now_s=given["clock_unix_s"],
        )
        is_valid = True
    except standard_webhooks.SignatureError:
        is_valid = False

    assert is_valid is vector["expect_valid"]
    assert vector["expected"]["signature"] == standard_webhooks.sign(
        secret=given["secret"],
        message_id=given["headers"]["webhook-id"],
        timestamp=int(given["headers"]["webhook-timestamp"]),
        body=body,
    )


def test_event_arrives_signed_and_once(endpoint, receiver, workspace, now):
    _publish(workspace, now)

    assert _deliver(now) is True
    assert _deliver(now) is False

    [call] = receiver.calls
    _verify(endpoint[1], call, now)
    headers, body = call
    assert (headers["webhook-id"], headers[":path"]) == ("evt_1", "/hook?team=1")
    assert headers["host"] == receiver.url.split("/")[2]
    assert json.loads(body) == {
        "type": "proposal.executed",
        "timestamp": "2026-11-21T09:00:00+00:00",
        "data": {"id": "7"},
    }
    assert WebhookDelivery.objects.get().delivered_at == now


def test_changed_body_does_not_verify(endpoint, receiver, workspace, now):
    _publish(workspace, now)
    _deliver(now)
    headers, body = receiver.calls[0]

    with pytest.raises(standard_webhooks.SignatureError, match="no signature"):
        _verify(endpoint[1], (headers, body + b" "), now)


def test_secret_has_the_standard_form_and_is_stored_encrypted(endpoint):
    stored, secret = endpoint

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret[6:])) == 32
    assert secret not in stored.secret


def test_rotation_signs_with_both_for_a_day(endpoint, receiver, workspace, admin, now):
    old = endpoint[1]
    new = webhooks_out.rotate_secret(endpoint=endpoint[0], by=admin, now=now)
    for hours in (1, 25):
        at = now + timedelta(hours=hours)
        _publish(workspace, at, event_id=f"e{hours}")
        _deliver(at)
        _verify(new, receiver.calls[-1], at)

    _verify(old, receiver.calls[0], now + timedelta(hours=1))
    with pytest.raises(standard_webhooks.SignatureError):
        _verify(old, receiver.calls[1], now + timedelta(hours=25))


def test_failures_are_retried_on_the_schedule_then_switched_off(
    endpoint, receiver, workspace, admin, now
):
    receiver.answers = [(500, {})] * 10
    _publish(workspace, now)
    at, waits = now, []
    while _deliver(at):
        due = WebhookDelivery.objects.get().next_attempt_at
        waits.append((due - at).total_seconds() if due else None)
        at = due or at + timedelta(days=2)

    suggested = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert len(receiver.calls) == 10
    assert waits[-1] is None
    for wait, delay in zip(waits, suggested, strict=False):
        assert 0.9 * delay <= wait <= 1.1 * delay
        assert wait != delay
    assert {headers["webhook-id"] for headers, _ in receiver.calls} == {"evt_1"}
    stored = WebhookEndpoint.objects.get()
    assert (stored.is_enabled, stored.disabled_reason) == (
        False,
        "10 attempts failed: Answered 500.",
    )
    assert Notification.objects.get().user == admin


def test_410_switches_off_at_once(endpoint, receiver, workspace, now):
    receiver.answers = [(410, {})]
    _publish(workspace, now)
    _deliver(now)
    _publish(workspace, now, event_id="evt_2")

    assert WebhookEndpoint.objects.get().is_enabled is False
    assert WebhookDelivery.objects.get().failed_at == now


@pytest.mark.parametrize("status", [429, 502, 504])
def test_overloaded_receiver_is_left_alone_for_all_events(
    endpoint, receiver, workspace, now, status
):
    receiver.answers = [(status, {"Retry-After": "600"})]
    for number in range(3):
        _publish(workspace, now, event_id=f"e{number}")

    assert _deliver(now) is True
    assert _deliver(now + timedelta(seconds=599)) is False
    assert _deliver(now + timedelta(seconds=600)) is True
    assert len(receiver.calls) == 2


def test_retry_after_may_be_a_date(endpoint, receiver, workspace, now):
    receiver.answers = [(429, {"Retry-After": "Sat, 21 Nov 2026 10:00:00 GMT"})]
    _publish(workspace, now)
    _deliver(now)

    assert WebhookDelivery.objects.get().next_attempt_at == now + timedelta(hours=1)


def test_redirect_is_a_failure_and_not_followed(endpoint, receiver, workspace, now):
    receiver.answers = [(302, {"Location": receiver.url})]
    _publish(workspace, now)
    _deliver(now)

    delivery = WebhookDelivery.objects.get()
    assert len(receiver.calls) == 1
    assert (delivery.delivered_at, delivery.last_status) == (None, 302)
    assert "redirects are not followed" in delivery.last_error


def test_dead_worker_delays_and_loses_nothing(endpoint, receiver, workspace, now):
    _publish(workspace, now)
    webhook_delivery._claim(now)

    assert _deliver(now + timedelta(seconds=119)) is False
    assert _deliver(now + timedelta(seconds=120)) is True
    assert len(receiver.calls) == 1


def test_event_of_a_rolled_back_transaction_is_never_sent(endpoint, workspace, now):
    def change() -> None:
        with transaction.atomic():
            _publish(workspace, now)
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        change()

    assert not WebhookDelivery.objects.exists()


def test_endpoint_gets_only_what_it_asked_for_of_its_workspace(
    workspace, other_workspace, admin, receiver, now
):
    webhooks_out.create_endpoint(
        workspace=workspace, url=receiver.url, by=admin, event_types=["sync.finished"]
    )
    _publish(workspace, now)
    _publish(other_workspace, now, event_type="sync.finished")
    assert not WebhookDelivery.objects.exists()

    _publish(workspace, now, event_type="sync.finished")
    _publish(workspace, now, event_type="sync.finished")
    assert WebhookDelivery.objects.count() == 1


def test_replay_sends_again_with_the_same_id(endpoint, receiver, workspace, admin, now):
    _publish(workspace, now)
    _deliver(now)
    webhooks_out.replay(delivery=WebhookDelivery.objects.get(), by=admin, now=now)
    _deliver(now)

    assert [headers["webhook-id"] for headers, _ in receiver.calls] == ["evt_1", "evt_1"]


def test_switched_off_endpoint_keeps_what_waits(endpoint, receiver, workspace, admin, now):
    _publish(workspace, now)
    off = webhooks_out.set_enabled(endpoint=endpoint[0], is_enabled=False, by=admin)
    assert _deliver(now) is False
    with pytest.raises(WebhookRefusedError, match="switched off"):
        webhooks_out.replay(delivery=WebhookDelivery.objects.get(), by=admin, now=now)

    webhooks_out.set_enabled(endpoint=off, is_enabled=True, by=admin)
    assert _deliver(now) is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"event_type": "deal.won"}, "unknown event type"),
        ({"event_id": "a.b"}, "event id"),
        ({"data": {"text": "é" * 10_000}}, "larger than 20000"),
    ],
)
def test_impossible_event_is_refused(endpoint, workspace, now, options, words):
    with pytest.raises(ValueError, match=words):
        _publish(workspace, now, **options)
    assert not WebhookDelivery.objects.exists()


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:a00:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_name_that_leads_inside_is_not_called(address):
    answer = webhook.post(
        "https://hooks.example/x",
        body=b"{}",
        headers={},
        allow_loopback=False,
        resolver=lambda host, port: ["93.184.216.34", address],
    )

    assert answer.status is None
    assert "not a public address" in answer.error


def test_connection_goes_to_the_judged_address(receiver):
    asked = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    port = receiver.server_address[1]
    answer = webhook.post(
        f"http://rebinding.invalid:{port}/x",
        body=b"{}",
        headers={},
        allow_loopback=True,
        resolver=resolver,
    )

    assert (answer.status, asked) == (204, ["rebinding.invalid"])
    assert receiver.calls[0][0]["host"] == f"rebinding.invalid:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://u:p@example.com/",
        "ftp://example.com/",
        "https:///x",
        "https://[::1",
        "https://example.com:99999/",
        "http://127.0.0.1/",
        "https://169.254.169.254/latest",
    ],
)
def test_unsafe_address_cannot_be_registered(workspace, admin, settings, url):
    settings.ALLOW_SANDBOX = False

    with pytest.raises(WebhookRefusedError) as refused:
        webhooks_out.create_endpoint(workspace=workspace, url=url, by=admin)
    assert refused.value.field == "url"
    assert not WebhookEndpoint.objects.exists()


def test_loopback_is_refused_at_sending_once_the_sandbox_is_off(
    endpoint, receiver, workspace, now, settings
):
    _publish(workspace, now)
    settings.ALLOW_SANDBOX = False
    _deliver(now)

    assert receiver.calls == []
    assert "https://" in WebhookDelivery.objects.get().last_error


def test_silent_receiver_times_out(receiver):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        answer = webhook.post(
            f"http://127.0.0.1:{silent.getsockname()[1]}/",
            body=b"{}",
            headers={},
            allow_loopback=True,
            timeout_s=0.05,
        )

    assert answer == webhook.Answer(None, error="No answer within 0 seconds.")


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver", "outsider"])
def test_only_admins_touch_endpoints(role, endpoint, workspace, now, request):
    by = request.getfixturevalue(role)
    stored = endpoint[0]
    _publish(workspace, now)

    for refused in (
        lambda: webhooks_out.create_endpoint(workspace=workspace, url="https://e.com/", by=by),
        lambda: webhooks_out.rotate_secret(endpoint=stored, by=by, now=now),
        lambda: webhooks_out.set_enabled(endpoint=stored, is_enabled=False, by=by),
        lambda: webhooks_out.replay(delivery=WebhookDelivery.objects.get(), by=by, now=now),
    ):
        with pytest.raises(NotPermittedError):
            refused()
    assert WebhookEndpoint.objects.get().is_enabled


def test_unknown_type_and_double_address_are_refused(endpoint, receiver, workspace, admin):
    with pytest.raises(WebhookRefusedError, match=r"no event type 'deal\.won'"):
        webhooks_out.create_endpoint(
            workspace=workspace, url="https://e.com/", by=admin, event_types=["deal.won"]
        )
    with pytest.raises(WebhookRefusedError, match="registered already"):
        webhooks_out.create_endpoint(workspace=workspace, url=receiver.url, by=admin)


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_deliveries(admin, workspace, receiver, now):
    webhooks_out.create_endpoint(workspace=workspace, url=receiver.url, by=admin)
    for number in range(10):
        _publish(workspace, now, event_id=f"e{number}")
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        try:
            while _deliver(now):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ids = [headers["webhook-id"] for headers, _ in receiver.calls]
    assert sorted(ids) == [f"e{number}" for number in range(10)]
