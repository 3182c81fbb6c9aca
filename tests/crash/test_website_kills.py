"""Events of a website while its processes die: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from attribution.models import PageView, SessionWork, Visitor, WebDay, WebSession
from attribution.services.website import sessions
from attribution.services.website.ingest import Origin, take_events
from attribution.services.website.sites import create_site
from embedded.stack import MIGRATE, Stack
from tests.attribution.website.wire import AGENT, NOW, call, event, minutes
from tests.crash.conftest import fork
from tests.crash.seed_website import KEY, ORIGIN
from workspaces.models import Workspace

VISITORS = 30
VICTIMS = ("web", "worker-default", "web", "redis", "postgres", "web")


@pytest.mark.crash
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", [0, 7, 14, 18])
def test_a_sessioniser_that_dies_half_way_leaves_nothing_half_made(
    workspace: Workspace, step: int
) -> None:
    """It dies after some of its statements; whoever comes next does all of it."""
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    for number in range(VISITORS):
        events = [event(at=NOW + minutes(20 * n), number=number * 10 + n) for n in range(4)]
        body = call(*events, visitor_id=uuid.UUID(int=number + 1))
        take_events(site=site, body=body, origin=Origin(user_agent=AGENT), now=NOW + minutes(90))

    pid = fork(lambda: _die_after(step, workspace))
    _, status = _waited(pid)

    assert status == 9
    assert SessionWork.objects.count() == VISITORS
    assert not WebSession.objects.exists()
    assert not PageView.objects.exists()
    sessions.sessionise_all(workspace=workspace, now=NOW)
    assert (Visitor.objects.count(), WebSession.objects.count()) == (VISITORS, VISITORS)
    assert PageView.objects.count() == 4 * VISITORS
    assert WebDay.objects.get(dimension="total").page_views == 4 * VISITORS


def _die_after(statements: int, workspace: Workspace) -> None:
    """Work on until so many statements are done, then end as ``kill -9`` does."""
    done = 0

    def counted(execute, sql, params, many, context):
        nonlocal done
        if done >= statements and "web_" in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        done += "web_" in sql
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        sessions.sessionise_all(workspace=workspace, now=NOW)


def _waited(pid: int) -> tuple[int, int]:
    return os.waitpid(pid, 0)


class Crowd(threading.Thread):
    """Sends calls one after the other, each until it is acknowledged."""

    def __init__(self, url: str, number: int, ends: threading.Event) -> None:
        super().__init__(daemon=True)
        self._url = f"{url}/api/website/events?site={KEY}"
        self._visitor = uuid.UUID(int=number + 1)
        self._ends = ends
        self.acknowledged: list[str] = []

    def run(self) -> None:
        """Send until told to end; then finish the call that is under way."""
        rng = random.Random(self._visitor.int)
        with httpx.Client(timeout=10, headers={"Origin": ORIGIN, "User-Agent": AGENT}) as client:
            while not self._ends.is_set():
                events = list(_fresh(rng))
                body = call(*events, visitor_id=self._visitor)
                while not self._sent(client, body):
                    time.sleep(0.2)
                self.acknowledged += [one["id"] for one in events]

    def _sent(self, client: httpx.Client, body: object) -> bool:
        try:
            return client.post(self._url, json=body).status_code == 202
        except httpx.HTTPError:
            return False


def _fresh(rng: random.Random) -> Iterator[dict[str, object]]:
    now = timezone.now()
    for _ in range(rng.randint(1, 8)):
        yield event(at=now, number=rng.getrandbits(48))


def _rows(stack: Stack, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(stack.database_url)) as opened:
        cursor = opened.cursor()
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.crash
@pytest.mark.slow
def test_every_acknowledged_event_is_kept_whatever_dies(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state", prepare=(MIGRATE, "python -m tests.crash.seed_website"))
    stack.start(timeout_s=300)
    ends = threading.Event()
    crowd = [Crowd(stack.url, number, ends) for number in range(4)]
    try:
        for one in crowd:
            one.start()
        for victim in VICTIMS:
            before = sum(len(one.acknowledged) for one in crowd)
            stack.wait_for_new(victim, stack.kill(victim), timeout_s=60)
            _until(lambda before=before: sum(len(one.acknowledged) for one in crowd) > before)
        ends.set()
        for one in crowd:
            one.join(timeout=60)
            assert not one.is_alive()
        sent = [key for one in crowd for key in one.acknowledged]
        stored = [str(key) for (key,) in _rows(stack, "SELECT event_id FROM attribution_webevent")]

        assert len(stored) == len(set(stored))
        assert set(sent) <= set(stored)
        _until(lambda: not _rows(stack, "SELECT 1 FROM attribution_sessionwork LIMIT 1"), 180)
        counted = _rows(stack, "SELECT sum(page_views)::int FROM attribution_websession")
        assert counted == [(len(stored),)]
    finally:
        ends.set()
        stack.stop()


def _until(holds, patience_s: float = 300) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=patience_s)
    while not holds():
        assert datetime.now(UTC) < deadline, "waited in vain"
        time.sleep(0.3)
