"""Idempotency keys: one effect, the same answer; and rates."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.api.conftest import key_client
from workspaces.api import throttling
from workspaces.api.caller import Caller
from workspaces.models import IdempotencyRecord, Proposal, ThrottleRate

BODY = {"kind": "note", "request": {"page": "1", "text": "x"}, "reason": "Because."}


def send(client, body=BODY, key="k-1", path="/api/proposals/"):
    return client.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


@pytest.fixture
def client(note, workspace):
    return key_client(workspace, ["changes:propose"])


def test_repeat_gets_the_same_answer_and_one_effect(client):
    first, again = send(client), send(client)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("path", ["/api/proposals", "/api/v1/proposals/"])
def test_other_spelling_is_the_same_request(client, path):
    first = send(client)

    assert send(client, path=path).json() == first.json()


def test_other_body_is_refused(client):
    send(client)

    answer = send(client, {**BODY, "reason": "Another."})

    assert answer.status_code == 422
    assert "new key" in answer.json()["detail"]
    assert Proposal.objects.count() == 1


def test_other_path_is_refused(client, workspace):
    send(client)

    answer = send(client, path="/api/pending-ad-changes/")

    assert answer.status_code == 422


def test_key_belongs_to_its_caller(client, workspace):
    first = send(client)
    other = key_client(workspace, ["changes:propose"])

    answer = send(other, {**BODY, "request": {"page": "2", "text": "x"}})

    assert answer.status_code == 202
    assert answer.json()["id"] != first.json()["id"]


def test_refused_call_leaves_the_key_free(client):
    wrong = send(client, {**BODY, "request": {"page": "1", "text": ""}})
    right = send(client)

    assert (wrong.status_code, right.status_code) == (400, 202)
    assert IdempotencyRecord.objects.count() == 1


def test_key_is_forgotten_after_a_day(client):
    send(client)
    old = timezone.now() - timedelta(hours=24)
    IdempotencyRecord.objects.update(created_at=old)

    answer = send(client, {**BODY, "request": {"page": "2", "text": "x"}})

    assert answer.status_code == 202
    assert Proposal.objects.count() == 2


def test_stored_answer_is_not_readable_in_the_table(client):
    send(client)

    assert "Because" not in IdempotencyRecord.objects.get().body


@pytest.mark.parametrize("key", ["x" * 201, "smörgås"])
def test_impossible_keys_are_named(client, key):
    answer = send(client, key=key)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_second_call_while_the_first_runs_is_told_to_wait(note, workspace):
    client = key_client(workspace, ["changes:propose"])
    owner = f"key:{client.api_key.prefix}"
    holds, done = threading.Event(), threading.Event()

    def first_call():
        with transaction.atomic(), connection.cursor() as cursor:
            name = f"idempotency:{workspace.pk}:{owner}:k-1"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [name])
            holds.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=first_call)
    thread.start()
    holds.wait(10)
    answer = send(client)
    done.set()
    thread.join()

    assert answer.status_code == 409
    assert "still running" in answer.json()["detail"]
    assert not Proposal.objects.exists()
    assert send(client).status_code == 202


def test_calls_over_the_rate_are_told_when_to_go_on(workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="read", calls=2, seconds=3600)
    client = key_client(workspace, ["changes:read"])

    codes = [client.get("/api/whoami/") for _ in range(3)]

    assert [answer.status_code for answer in codes] == [200, 200, 429]
    last = codes[-1]
    assert 1 <= int(last.headers["Retry-After"]) <= 3600
    assert last.headers["RateLimit-Limit"] == "2"
    assert last.headers["RateLimit-Remaining"] == "0"
    assert last.json()["title"] == "Too Many Requests"
    assert codes[0].headers["RateLimit-Remaining"] == "1"


def test_rates_are_per_caller_and_scope(note, workspace):
    slow, fast = (key_client(workspace, ["changes:read", "changes:propose"]) for _ in range(2))
    ThrottleRate.objects.create(
        workspace=workspace, api_key=slow.api_key, scope="read", calls=1, seconds=3600
    )

    slow.get("/api/whoami/")

    assert slow.get("/api/whoami/").status_code == 429
    assert fast.get("/api/whoami/").status_code == 200
    assert send(slow).status_code == 202


def test_own_row_wins_over_the_workspace_and_the_default(workspace):
    key = key_client(workspace, ["ml:read"]).api_key

    def rate() -> tuple[int, int]:
        """Of the next call."""
        return throttling.rate_of(Caller(workspace, None, "", key), "ml")

    assert rate() == (300, 60)
    ThrottleRate.objects.create(workspace=workspace, scope="ml", calls=5, seconds=10)
    assert rate() == (5, 10)
    ThrottleRate.objects.create(workspace=workspace, api_key=key, scope="ml", calls=7, seconds=1)
    assert rate() == (7, 1)


def test_windows_count_every_call_and_start_anew(workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="read", calls=10, seconds=60)
    caller = Caller(workspace, None, "", key_client(workspace, ["ml:read"]).api_key)

    used = [throttling.count(caller, "read", clock_s=120.0 + n).used for n in range(3)]
    fresh = throttling.count(caller, "read", clock_s=180.0)

    assert used == [1, 2, 3]
    assert (fresh.used, fresh.seconds_left) == (1, 60)
