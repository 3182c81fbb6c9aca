"""Figures for Prometheus: what they say, who may read them, what they cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.core.cache import cache
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.workspaces import note_kind
from tests.workspaces.factories import ConnectionFactory
from tests.workspaces.gate_steps import propose, signed
from workspaces import cache as own_cache
from workspaces import telemetry
from workspaces.models import JobConfig, JobRun, Proposal
from workspaces.services import health, metrics
from workspaces.tasks import counting, heartbeat

pytestmark = pytest.mark.usefixtures("note", "nothing_counted")


@pytest.fixture
def note():
    return note_kind.install()


@pytest.fixture
def nothing_counted():
    cache.clear()
    yield
    cache.clear()


def figures(client, **headers) -> dict[tuple[str, ...], float]:
    """Figures by name and values of labels, these in the order of the labels' names."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_not_by_address(client, db):
    client.get("/healthz")
    client.get("/nowhere/at/all/")
    client.generic("BREW", "/healthz")
    told = figures(client)

    route = "^(?:healthz|health|health/live|api/health)/?$"
    requests = {key[1:]: value for key, value in told.items() if "requests" in key[0]}
    assert requests == {
        ("GET", route, "200"): 1,
        ("other", route, "405"): 1,
        ("GET", "unknown", "404"): 1,
    }
    assert told["countersign_http_request_seconds_bucket", "+Inf", route] == 2
    assert told["countersign_http_request_seconds_count", route] == 2


def test_tasks_are_counted_by_how_they_ended(client, db):
    counting.note_start(task=heartbeat)
    counting.count_end(task=heartbeat, state="FAILURE")
    counting.count_end(task=type("Unknown", (), {"request": object()}))
    told = figures(client)

    assert told["countersign_tasks_total", "failure", "workspaces.heartbeat"] == 1
    assert told["countersign_task_seconds_bucket", "+Inf", "workspaces.heartbeat"] == 1
    assert told["countersign_task_seconds_count", "workspaces.heartbeat"] == 1


def test_web_writes_its_counts_a_moment_later_and_together(settings, db):
    settings.TELEMETRY_DELAY_S = 3600.0
    for _ in range(3):
        telemetry.count_request(method="GET", route="/x/", status=200, seconds=0.2)
    assert telemetry.counted() == {}

    telemetry._tally._timer.cancel()
    telemetry._tally.write()
    counted = telemetry.counted()
    assert counted["countersign_http_requests"] == {("GET", "/x/", "200"): 3.0}
    assert counted["countersign_http_request_seconds"][("/x/", "0.5")] == 3.0


def test_gate_is_told(client, workspace, approver):
    now = timezone.now()
    propose(workspace, now, page="1")
    due = signed(workspace, approver, now, page="2")
    Proposal.objects.filter(pk=due.pk).update(execute_after=now - timedelta(seconds=90))
    told = figures(client)

    assert told["countersign_proposals_open", "note", "pending"] == 1
    assert told["countersign_proposals_open", "note", "approved"] == 1
    assert told["countersign_executor_due",] == 1
    assert 90 <= told["countersign_executor_oldest_due_seconds",] < 100
    assert told["countersign_executor_claimed",] == 0


def test_jobs_and_connections_are_told_without_names_of_workspaces(client, workspace):
    now = timezone.now()
    JobConfig.objects.update_or_create(workspace=workspace, name="signals")
    ended = {"workspace": workspace, "name": "signals", "started_at": now}
    JobRun.objects.create(
        **ended, state="completed", queued_at=now, finished_at=now - timedelta(hours=3)
    )
    JobRun.objects.create(
        **ended, state="failed", queued_at=now + timedelta(seconds=1), finished_at=now
    )
    ConnectionFactory(workspace=workspace, kind="meta", status="needs_login")
    told = figures(client)

    assert told["countersign_job_failing_workspaces", "signals"] == 1
    assert 10800 <= told["countersign_job_age_seconds", "signals"] < 10820
    assert told["countersign_connections", "meta", "needs_login"] == 1
    assert not [key for key in told if workspace.slug in key]


def test_workers_beat_and_queues_are_told(client, db, monkeypatch):
    monkeypatch.setattr(metrics, "ALL_QUEUES", ("gate", "train", "test-depth"))
    health.beat("gate")
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("test-depth")
        for priority in (0, 9):
            current_app.send_task("x", queue="test-depth", priority=priority, connection=broker)
        told = figures(client)
        broker.default_channel.queue_purge("test-depth")

    assert told["countersign_worker_heartbeat_age_seconds", "gate"] < 5
    assert told["countersign_worker_heartbeat_age_seconds", "train"] == float("inf")
    assert told["countersign_beat_age_seconds",] == float("inf")
    assert told["countersign_beats", "sends"] == told["countersign_beats", "stands by"] == 0
    assert told["countersign_queue_tasks", "test-depth"] == 2


def test_token_opens_and_nothing_else(client, settings, db):
    settings.METRICS_TOKEN = "a-long-word"

    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"Authorization": "Bearer another"})
    assert (wrong.status_code, b"countersign_" in wrong.content) == (401, False)
    assert figures(client, Authorization="Bearer a-long-word")
    assert client.post("/metrics").status_code == 405


@pytest.mark.parametrize(
    "call",
    [
        {"REMOTE_ADDR": "203.0.113.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"HTTP_FORWARDED": "for=203.0.113.7"},
    ],
)
def test_without_a_token_only_this_machine_reads(client, db, call):
    answer = client.get("/metrics", **call)

    assert (answer.status_code, b"countersign_" in answer.content) == (403, False)


def test_a_look_costs_few_queries(client, workspace, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        told = figures(client)

    assert {key[1]: value for key, value in told.items() if "source_answers" in key[0]} == {
        **{source.name: 1.0 for source in telemetry.sources()},
        "counts": 1.0,
    }


def test_one_source_that_fails_hides_no_other(client, db, monkeypatch):
    def broken(now):
        raise OSError("gone")

    source = telemetry.Source("broken", (), broken)
    monkeypatch.setitem(telemetry._sources, "broken", source)
    told = figures(client)

    assert told["countersign_source_answers", "broken"] == 0
    assert told["countersign_source_answers", "executor"] == 1


def test_a_request_is_answered_while_redis_is_away(client, monkeypatch, caplog):
    def away(*args, **options):
        raise own_cache.redis.ConnectionError("away")

    monkeypatch.setattr(telemetry, "add_up", away)

    assert client.get("/healthz").status_code == 200
    assert "counts were lost" in caplog.text


def test_every_series_has_a_name_of_ours(client, db):
    assert {name for name in metrics.names() if not name.startswith("countersign_")} == set()
