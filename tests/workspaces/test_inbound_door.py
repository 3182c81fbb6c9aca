"""The door for webhooks: who is let in, what is stored, what strangers learn."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.celery import app as celery
from tests.examples import examples
from tests.workspaces.inbound_calls import (
    OTHER_SECRET,
    SECRET,
    as_json,
    connect,
    hub,
    hubspot_v3,
    standard,
    twilio,
)
from workspaces.inbound import registry
from workspaces.models import Connection, ConnectionStatus, InboundEvent, InboundState
from workspaces.services.inbound import MAX_BODY_BYTES

CLIENT = Client()  # one: each new one looks at every static file
FORM = "application/x-www-form-urlencoded"
REFUSED = {
    "type": "about:blank",
    "status": 401,
    "detail": "This call is not signed for this address.",
}


@pytest.fixture
def feed(workspace) -> Connection:
    return connect(workspace, "generic", secret=SECRET)


@pytest.fixture
def portal(workspace) -> Connection:
    return connect(workspace, "hubspot", client_secret="s3cret", portal_id="33")


def _path(row: Connection, slash: str = "") -> str:
    return f"/api/webhooks/{row.kind}/{row.public_id}{slash}"


def _post(row, body: bytes, headers: dict, *, path: str = "", content_type="application/json"):
    return CLIENT.post(path or _path(row), body, content_type=content_type, headers=headers)


def _deliver(row, body: bytes, *, message_id="msg_1", path="", secret=SECRET):
    headers = standard(body, now=timezone.now(), message_id=message_id, secret=secret)
    return _post(row, body, headers, path=path)


def _hubspot(row, events: list, *, path: str = ""):
    body = events if isinstance(events, bytes) else as_json(events)
    path = path or _path(row)
    url = settings.PUBLIC_BASE_URL + path
    headers = hubspot_v3(body, url=url, now=timezone.now(), secret="s3cret")
    return _post(row, body, headers, path=path)


def _deals(count: int) -> list:
    return [
        {"portalId": 33, "subscriptionType": "deal.propertyChange", "objectId": number,
         "propertyName": "dealstage", "propertyValue": "won", "occurredAt": 5}
        for number in range(count)
    ]  # fmt: skip


def test_verified_message_is_stored_as_it_came(feed):
    body = b'{"type":"deal.won",  "amount":1.50}'

    answer = _deliver(feed, body)

    assert (answer.status_code, answer.content) == (200, b"")
    event = InboundEvent.objects.get()
    assert (event.connection, event.dedup_key, event.kind) == (feed, "msg_1", "deal.won")
    assert (event.body, event.state, event.attempts) == (body.decode(), InboundState.RECEIVED, 0)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("version", ["", "v1/"])
def test_every_spelling_of_the_address_answers_without_a_redirect(feed, portal, slash, version):
    generic, hubspot = (
        _path(row, slash).replace("/api/", f"/api/{version}") for row in (feed, portal)
    )

    assert _deliver(feed, b"{}", path=generic).status_code == 200
    assert _hubspot(portal, _deals(1), path=hubspot).status_code == 200

    assert InboundEvent.objects.count() == 2


def test_repeat_changes_nothing_and_is_thanked_for(feed, portal):
    for _ in range(3):
        assert _deliver(feed, b'{"type":"a"}').status_code == 200
        assert _hubspot(portal, list(reversed(_deals(4)))).status_code == 200
        assert _hubspot(portal, _deals(4) + _deals(2)).status_code == 200

    assert InboundEvent.objects.filter(connection=feed).count() == 1
    assert InboundEvent.objects.filter(connection=portal).count() == 4


def test_same_message_at_two_connections_is_two_events(feed, other_workspace):
    theirs = connect(other_workspace, "generic", secret=SECRET)

    _deliver(feed, b"{}")
    _deliver(theirs, b"{}")

    assert InboundEvent.objects.count() == 2


def test_strangers_cannot_tell_a_wrong_address_from_a_wrong_signature(feed, portal, workspace):
    paused = connect(workspace, "meta", app_secret="s")
    Connection.objects.filter(pk=paused.pk).update(status=ConnectionStatus.PAUSED)
    without = connect(workspace, "twilio")
    unreadable = Connection.objects.create(
        workspace=workspace, kind="generic", name="old key", secret="gAAAA"
    )
    calls = [
        _deliver(feed, b"{}", secret=OTHER_SECRET),
        _post(feed, b"{}", {}),
        _deliver(feed, b"{}", path=f"/api/webhooks/generic/{uuid4()}"),
        _deliver(feed, b"{}", path=f"/api/webhooks/hubspot/{feed.public_id}"),
        _deliver(feed, b"{}", path=f"/api/webhooks/nobody/{feed.public_id}"),
        _deliver(unreadable, b"{}"),
        _post(paused, b"{}", hub(b"{}", "wrong")),
        _post(without, b"", twilio({}, url=settings.PUBLIC_BASE_URL + _path(without), secret="")),
    ]

    assert [(call.status_code, call.json()) for call in calls] == [(401, REFUSED)] * len(calls)
    shown = [{**call.headers, "Expires": ""} for call in calls]
    assert shown == [shown[0]] * len(shown)
    assert not InboundEvent.objects.exists()


def test_stale_and_future_messages_are_refused(feed):
    for minutes in (-6, 6):
        at = timezone.now() + timedelta(minutes=minutes)
        assert _post(feed, b"{}", standard(b"{}", now=at)).status_code == 401

    assert not InboundEvent.objects.exists()


def test_signature_is_checked_before_the_body_is_read(feed):
    assert _post(feed, b"\xff nonsense", {}).status_code == 401
    assert _deliver(feed, b"\xff nonsense").status_code == 400


def test_signed_address_is_the_configured_one_whatever_host_is_sent(portal, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_BASE_URL = "https://front.example/"
    body, path = as_json(_deals(1)), _path(portal)
    words = {"now": timezone.now(), "secret": "s3cret"}
    front = hubspot_v3(body, url=f"https://front.example{path}?to=a:b", **words)
    host = hubspot_v3(body, url=f"http://evil.example{path}", **words)

    # HubSpot escapes in the address and signs it decoded.
    assert _post(portal, body, front, path=f"{path}?to=a%3Ab").status_code == 200
    assert _post(portal, body, {**host, "Host": "evil.example"}).status_code == 401


def test_paused_connection_keeps_what_it_is_told(feed):
    Connection.objects.filter(pk=feed.pk).update(status=ConnectionStatus.PAUSED)

    assert _deliver(feed, b"{}").status_code == 200

    assert InboundEvent.objects.get().state == InboundState.RECEIVED


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)])
def test_size_limit(feed, size, status):
    body = b'"' + b"x" * (size - 2) + b'"'

    assert _deliver(feed, body).status_code == status

    assert InboundEvent.objects.count() == (status == 200)


def test_more_events_than_any_sender_sends_are_refused(portal):
    assert _hubspot(portal, [*range(1000)]).status_code == 200

    answer = _hubspot(portal, [*range(1001)])

    assert (answer.status_code, answer.json()["detail"]) == (
        400, "More than 1000 events in one call; send fewer at once.",
    )  # fmt: skip


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_405(feed, method):
    assert getattr(CLIENT, method)(_path(feed)).status_code == 405


def test_no_csrf_token_and_no_session_is_needed(feed):
    headers = standard(b"{}", now=timezone.now())
    client = Client(enforce_csrf_checks=True, headers=headers)

    answer = client.post(_path(feed), b"{}", content_type="application/json")

    assert (answer.status_code, dict(answer.cookies)) == (200, {})


def test_hundred_events_cost_two_queries(portal):
    events = _deals(100)
    with CaptureQueriesContext(database) as queries:
        assert _hubspot(portal, events).status_code == 200

    found, stored = (query["sql"] for query in queries.captured_queries)
    assert 'FROM "workspaces_connection"' in found
    assert stored.count("INSERT INTO") == 1
    assert stored.endswith("ON CONFLICT DO NOTHING")
    rows = InboundEvent.objects.order_by("received_at", "position")
    assert [json.loads(row.body)["objectId"] for row in rows] == [*range(100)]


def test_events_of_a_foreign_portal_are_counted_and_dropped(portal, caplog):
    foreign = [{**event, "portalId": 34} for event in _deals(3)]

    assert _hubspot(portal, [*foreign, *_deals(2)]).status_code == 200

    assert InboundEvent.objects.count() == 2
    (record,) = [r for r in caplog.records if "foreign" in r.getMessage()]
    assert record.dropped == 3


def test_meta_asks_before_it_sends(workspace):
    page = connect(workspace, "meta", app_secret="s", verify_token="t0ken")
    asked = {"hub.mode": "subscribe", "hub.verify_token": "t0ken", "hub.challenge": "1158201444"}

    answer = CLIENT.get(_path(page), asked)
    wrong = CLIENT.get(_path(page), {**asked, "hub.verify_token": "guess"})

    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert (wrong.status_code, wrong.json()) == (401, REFUSED)


def test_get_at_a_sender_without_handshake_is_refused(feed):
    answer = CLIENT.get(_path(feed))

    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_meta_and_twilio_are_answered_in_their_words(workspace):
    page = connect(workspace, "meta", app_secret="s")
    number = connect(workspace, "twilio", auth_token="t")
    url = settings.PUBLIC_BASE_URL + _path(number)
    body = as_json({"object": "page", "entry": [{"id": "1", "changes": [{"field": "leadgen"}]}]})

    meta = _post(page, body, hub(body, "s"))
    sms = _post(
        number, b"MessageSid=SM1&MessageStatus=sent",
        twilio({"MessageSid": "SM1", "MessageStatus": "sent"}, url=url, secret="t"),
        content_type=FORM,
    )  # fmt: skip

    assert (meta.status_code, meta.content) == (200, b"")
    assert (sms.status_code, sms.content) == (200, b"<Response/>")
    assert sms.headers["Content-Type"].startswith("text/xml")
    kinds = InboundEvent.objects.order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["message.sent", "page.leadgen"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["object", "entry", "changes", "messaging", "field", "type", "portalId",
                         "subscriptionType", "objectId", "propertyValue", "id"]) | st.text(),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
TRAPS = st.sampled_from(
    [b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"[" + b"9" * 5000 + b"]", b"[1e999]",
     b'["\\ud800"]', b'["\\u0000"]', b"\x00", b"a=\x00", b'{"type":"\\u0000","entry":[[[]]]}']
)  # fmt: skip
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()) | TRAPS


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", ["generic", "hubspot", "meta", "twilio"])
def test_junk_is_never_our_fault(workspace, kind):
    secrets = {"secret": SECRET, "client_secret": "s", "app_secret": "s", "auth_token": "s"}
    row = connect(workspace, kind, **secrets)
    url = settings.PUBLIC_BASE_URL + _path(row)

    @given(body=BODIES, is_signed=st.booleans())
    @hypothesis_settings(max_examples=examples(60), deadline=None, database=None, derandomize=True)
    def send(body, is_signed):
        now = timezone.now()
        headers = {
            **standard(body, now=now, message_id=str(uuid4())),
            **hubspot_v3(body, url=url, now=now, secret="s"),
            **hub(body, "s"),
        }
        if not is_signed:
            headers = dict.fromkeys(
                headers, "".join(filter(str.isprintable, body.decode("latin-1")))
            )
        answer = _post(row, body, headers, content_type=FORM)
        is_verified = is_signed and kind != "twilio"  # junk is no form that could be signed
        assert answer.status_code in ((200, 400) if is_verified else (401,))

    send()


@pytest.fixture
def listener() -> Iterator[None]:
    """Somebody who waits for generic events."""
    registry.register_consumer("test", "generic", lambda *_: {})
    yield
    del registry._registry.consumers["test"]


@pytest.fixture
def dead_broker(monkeypatch) -> Iterator[None]:
    """The real client of Celery, pointed at a port that nobody listens to."""

    def forget_connections() -> None:
        celery.amqp._producer_pool = None
        celery._pool = None

    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setitem(
            celery.conf, "broker_write_url", f"redis://127.0.0.1:{free.getsockname()[1]}/0"
        )
        forget_connections()
        yield
    forget_connections()


def test_worker_is_told_only_where_somebody_waits(feed, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as told:
        _deliver(feed, b"{}")

    assert told == []


def test_dead_broker_changes_neither_answer_nor_store(
    feed, listener, dead_broker, caplog, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as told:
        answer = _deliver(feed, b"{}")

    assert (answer.status_code, len(told)) == (200, 1)
    assert "the broker does not answer" in caplog.text
    assert InboundEvent.objects.get().state == InboundState.RECEIVED
