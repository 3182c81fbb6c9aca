"""Beat's schedule: from the code at first, then as operators left it."""

from __future__ import annotations

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from redis.exceptions import RedisError

from config.beat import Scheduler
from config.celery import app
from config.schedule import BEAT_SCHEDULE
from mlops.selectors.boards import SCHEDULE
from workspaces.services import health
from workspaces.workers import worker_name

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


def test_a_beat_says_that_it_lives_and_sends_though_it_cannot(monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(DatabaseScheduler, "tick", lambda self: "sent")
    monkeypatch.setattr(health, "name_beat", said.append)
    scheduler = Still(app=app, lazy=True)
    assert [scheduler.tick(), scheduler.tick()] == ["sent", "sent"]
    assert said == [worker_name()]

    def away(name: str) -> None:
        raise RedisError

    monkeypatch.setattr(health, "name_beat", away)
    assert Still(app=app, lazy=True).tick() == "sent"
