"""Liveness, readiness, heartbeats, the doctor, clearing up."""

from __future__ import annotations

import pytest
from celery import Celery
from celery.worker.heartbeat import Heart
from django.core.cache import cache
from django.db import connection
from kombu.asynchronous.timer import Timer

from tests.database import look_at_sessions_anew
from workspaces import tasks
from workspaces.services import health
from workspaces.services.beat_lock import BeatLock
from workspaces.tasks.heartbeat import _last_pulse_s


@pytest.fixture
def alive():
    for queue in (*health.QUEUES, *health.LATER_QUEUES):
        health.beat(queue)
    health.beat_schedule()
    yield
    cache.clear()


@pytest.fixture
def throttled_login(settings):
    """The test settings switch log-in throttling off, which the doctor would mention."""
    settings.AUTHENTICATION_BACKENDS = [
        "axes.backends.AxesStandaloneBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]


@pytest.fixture
def dead():
    cache.clear()


@pytest.mark.parametrize(
    "path", ["/healthz", "/healthz/", "/health", "/health/live", "/api/health"]
)
def test_process_is_alive_without_asking_anything(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/readyz", "/readyz/", "/health/ready"])
def test_ready_when_everything_answers(client, db, alive, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {
        "database",
        "redis",
        "migrations",
        "worker gate",
        "worker default",
    }


def test_missing_worker_is_told_with_what_to_do(client, db, dead):
    health.beat("default")
    answer = client.get("/readyz")

    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert [name for name, check in checks.items() if not check["ok"]] == ["worker gate"]
    assert "celery -A config worker -Q gate" in checks["worker gate"]["words"]


def test_dead_redis_is_told_without_its_address(client, db, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://:hidden-word@127.0.0.1:1/0",
        }
    }
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "REDIS_URL" in answer.json()["checks"]["redis"]["words"]
    assert "hidden-word" not in answer.content.decode()


def test_missing_migration_is_told(client, db, alive):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'axes'")
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "manage.py migrate" in answer.json()["checks"]["migrations"]["words"]


def test_health_answers_only_reading(client):
    assert client.post("/healthz").status_code == 405


def test_pulse_of_a_worker_counts_for_the_queues_it_serves(dead):
    app = Celery("pulse", broker="memory://")
    app.amqp.queues.select(["gate"])
    _last_pulse_s.clear()
    Heart(Timer(), app.events.Dispatcher(enabled=False))._send("worker-heartbeat")

    assert health.check_worker("gate").is_ok
    assert not health.check_worker("default").is_ok


def test_beat_is_known_by_its_task_and_its_session(dead, db):
    assert not health.check_beat().is_ok
    tasks.heartbeat()
    assert health.check_beat().level == "warn"

    first, second = BeatLock("host-a:7:1"), BeatLock("host-b:9:2")
    try:
        assert (first.is_ours(), second.is_ours()) == (True, False)
        look_at_sessions_anew()
        told = health.check_beat()
        cache.clear()
        silent = health.check_beat()
    finally:
        first.let_go()
        second.let_go()

    assert told.words == "Scheduled tasks arrive; host-a:7:1 is beat. 1 stand by."
    assert (silent.level, "host-a:7:1 is beat; look at its log" in silent.words) == ("fail", True)
