"""Beat's schedule: from the code at first, then as operators left it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config import beat
from config.beat import Scheduler
from config.celery import app
from config.schedule import BEAT_SCHEDULE
from mlops.selectors.boards import SCHEDULE
from tests.database import look_at_sessions_anew
from workspaces.databases import PooledError
from workspaces.services import beat_lock
from workspaces.services.beat_lock import Beats, beats

pytestmark = pytest.mark.django_db


class Still(Scheduler):
    """Reads no schedule: the library closes the connection to do so, and the test's with it."""

    schedule = {}  # the library's is a property of a scheduler


def start() -> dict[str, object]:
    """What beat does to the rows when it starts; entries that it took up as new ones."""
    scheduler = Still(app=app, lazy=True)
    scheduler.schedule = {}
    scheduler.update_from_dict(BEAT_SCHEDULE)
    return scheduler.schedule


def test_the_dashboards_are_made_every_half_hour_until_somebody_says_otherwise():
    new = start()

    row = PeriodicTask.objects.get(name=SCHEDULE)
    assert set(new) == set(BEAT_SCHEDULE)
    assert row.interval.schedule.run_every.total_seconds() == 1800

    row.interval = IntervalSchedule.objects.create(every=2, period="hours")
    row.enabled, row.kwargs, row.task = False, "{}", "gone"
    row.save()

    assert start() == {}
    row.refresh_from_db()
    assert row.interval.every == 2
    assert not row.enabled
    assert (row.task, row.kwargs) == ("workspaces.start_job", '{"name": "ml-dashboards"}')


@pytest.fixture
def two(monkeypatch) -> Iterator[tuple[Scheduler, Scheduler]]:
    """Two beats that send nothing; each says who it is."""
    monkeypatch.setattr(DatabaseScheduler, "tick", lambda self: "sent")
    beats = []
    for name in ("host-a:7:1", "host-b:9:2"):
        monkeypatch.setattr(beat, "worker_name", lambda name=name: name)
        beats.append(Still(app=app, lazy=True))
    yield beats[0], beats[1]
    for one in beats:
        one._lock.let_go()


def end(scheduler: Scheduler) -> None:
    """End the session of a beat's lock, as a server does whose beat is gone; wait until it is."""
    pid = scheduler._lock._session.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone() == (True,)


def test_of_two_beats_one_sends_and_the_other_says_who(two, caplog):
    caplog.set_level("INFO", logger="config.beat")
    first, second = two

    assert [first.tick(), second.tick(), first.tick(), second.tick()] == ["sent", 2.0, "sent", 2.0]

    assert caplog.messages == [
        "this beat sends the scheduled tasks",
        "this beat stands by: host-a:7:1 is beat",
    ]
    assert beats() == Beats("host-a:7:1", ("host-b:9:2",))


def test_standby_sends_when_the_first_is_gone_and_reads_the_schedule_anew(two):
    first, second = two
    assert (first.tick(), second.tick()) == ("sent", 2.0)
    second._initial_read, second._heap = False, ["what was due when it started"]

    end(first)

    assert second.tick() == "sent"
    assert (second._initial_read, second._heap) == (True, None)
    look_at_sessions_anew()
    assert beats() == Beats("host-b:9:2", ())


def test_beat_that_lost_its_session_sends_nothing_until_it_holds_the_lock_again(two):
    first, second = two
    assert (first.tick(), second.tick()) == ("sent", 2.0)
    first._dirty.add("gate: execute what is due")

    end(first)

    assert first.tick() == 2.0  # though nobody has taken over yet
    assert first._dirty == set()
    assert second.tick() == "sent"
    assert first.tick() == 2.0
    end(second)
    assert (first.tick(), second.tick()) == ("sent", 2.0)


def test_beat_behind_a_pooler_refuses_in_words(two, monkeypatch):
    monkeypatch.setattr(beat_lock, "is_pooled", lambda session: True)

    with pytest.raises(PooledError, match="Set DATABASE_DIRECT_URL to PostgreSQL itself"):
        two[0].tick()
    assert two[0]._lock._session is None
