"""Webhook events accepted and stored: signature, parsing, de-duplication, commit, answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from psycopg2.extras import execute_values

from benchmarks.figures import Figure, quantile, reset_peak_mb
from workspaces.crypto import encrypt
from workspaces.models import Connection, InboundEvent, Workspace

TARGET_PER_S = 500
PER_CALL = 100  # as many as HubSpot puts into one
_SECRET = "bench-client-secret"  # of a sender that lives as long as this run
_COLUMNS = "connection_id, dedup_key, kind, body, received_at, position, state, attempts, error"


def run(calls: int) -> list[Figure]:
    """Events a second over one connection after the other, and how long one call waits."""
    watch = reset_peak_mb()
    sender = _sender()
    path = f"/api/webhooks/hubspot/{sender.public_id}/"
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        client = Client()
        _call(client, path, -1)
        took_s = [_call(client, path, number) for number in range(calls)]
    stored = InboundEvent.objects.filter(connection=sender).count()
    if stored != (calls + 1) * PER_CALL:
        raise RuntimeError(f"{stored} events stored of {(calls + 1) * PER_CALL}")
    rate = calls * PER_CALL / sum(took_s)
    return [
        Figure(
            name=f"webhook events accepted and stored, {PER_CALL} a call",
            value=rate,
            unit="events/s",
            limit_name="rows/s by multi-row INSERT into the same table",
            limit=_bare_rate(sender, calls),
            target=f"≥ {TARGET_PER_S} events/s",
            is_met=rate >= TARGET_PER_S,
            peak_mb=watch(),
            facts={"call_p99_s": quantile(took_s, 0.99)},
        )
    ]


def _sender() -> Connection:
    workspace = Workspace.objects.create(slug="bench-webhooks", name="Bench")
    return Connection.objects.create(
        workspace=workspace,
        kind="hubspot",
        name="CRM",
        secret=encrypt({"client_secret": _SECRET, "portal_id": "33"}),
    )


def _call(client: Client, path: str, number: int) -> float:
    body, headers = _signed(path, _events(number))
    started = time.perf_counter()
    answer = client.post(path, body, content_type="application/json", headers=headers)
    seconds = time.perf_counter() - started
    if not 200 <= answer.status_code < 300:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content!r}")
    return seconds


def _events(number: int) -> list[dict[str, object]]:
    at_ms = int(timezone.now().timestamp() * 1000)
    return [
        {
            "eventId": number * PER_CALL + place,
            "subscriptionId": 25,
            "portalId": 33,
            "appId": 1160452,
            "occurredAt": at_ms,
            "subscriptionType": "deal.propertyChange",
            "attemptNumber": 0,
            "objectId": 10_000 + number * PER_CALL + place,
            "propertyName": "dealstage",
            "propertyValue": "appointmentscheduled",
            "changeSource": "CRM_UI",
        }
        for place in range(PER_CALL)
    ]


def _signed(path: str, events: list[dict[str, object]]) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(events).encode()
    stamp = str(int(timezone.now().timestamp() * 1000))
    url = settings.PUBLIC_BASE_URL.rstrip("/") + path
    text = b"POST" + url.encode() + body + stamp.encode()
    signature = base64.b64encode(hmac.new(_SECRET.encode(), text, hashlib.sha256).digest())
    return body, {
        "X-HubSpot-Signature-v3": signature.decode(),
        "X-HubSpot-Request-Timestamp": stamp,
    }


def _bare_rate(sender: Connection, calls: int) -> float:
    """The limit: the same rows, as many to a statement and a commit."""
    body = json.dumps(_events(0)[0])
    now = timezone.now()
    started = time.perf_counter()
    for number in range(calls):
        rows = [
            (sender.pk, f"bare:{number}:{place}", "deal.propertyChange", body, now, place,
             "received", 0, "")
            for place in range(PER_CALL)
        ]  # fmt: skip
        with database.cursor() as cursor:
            table = InboundEvent._meta.db_table
            execute_values(cursor.cursor, f"INSERT INTO {table} ({_COLUMNS}) VALUES %s", rows)
    return calls * PER_CALL / (time.perf_counter() - started)
