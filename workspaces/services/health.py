"""Is this installation able to work? Each check answers in words that say what to do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from workspaces.services import beat_lock

QUEUES: Final = ("gate", "default")  # without these nothing signed would ever run
# Without these pages and changes go on, but nothing is trained, predicted or sent to people: the
# doctor tells.
LATER_QUEUES: Final = ("train", "infer", "outreach", "slow")
HEARTBEAT_LIFE_S: Final = 60
SCHEDULE_LIFE_S: Final = 900  # its task may wait behind long ones


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    is_ok: bool
    words: str
    is_warning: bool = False  # where it is not well: worth a look, and work goes on

    @property
    def level(self) -> str:
        """``ok``, ``warn`` or ``fail``."""
        if self.is_ok:
            return "ok"
        return "warn" if self.is_warning else "fail"


def beat(queue: str) -> None:
    """Say that a worker of ``queue`` is alive."""
    cache.set(_key(queue), int(time.time()), timeout=HEARTBEAT_LIFE_S)


def beat_schedule() -> None:
    """Say that beat sends tasks."""
    cache.set(_key("beat"), int(time.time()), timeout=SCHEDULE_LIFE_S)


def age_of(name: str) -> float:
    """Seconds since a worker of a queue, or ``beat``, was heard of; infinite: too long ago."""
    seen = cache.get(_key(name))
    return math.inf if seen is None else max(0.0, time.time() - seen)


def _key(queue: str) -> str:
    return f"heartbeat:{queue}"


def readiness() -> list[Check]:
    """What must hold before traffic is sent here."""
    database = check_database()
    redis = check_redis()
    checks = [database, redis]
    if database.is_ok:
        checks.append(check_migrations())
    if redis.is_ok:
        checks.extend(check_worker(queue) for queue in QUEUES)
    return checks


def check_database() -> Check:
    """Ask PostgreSQL for a one."""

    def ask() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            (version,) = cursor.fetchone()
        return f"PostgreSQL {version} answers."

    return _attempt(
        "database", ask, "The database does not answer; start PostgreSQL or correct DATABASE_URL."
    )


def check_redis() -> Check:
    """Write to Redis and read it back."""

    def ask() -> str:
        cache.set("health", 1, timeout=10)
        if cache.get("health") != 1:
            raise RedisError("what was written is not there")
        return "Redis answers."

    return _attempt("redis", ask, "Redis does not answer; start it or correct REDIS_URL.")


def check_migrations() -> Check:
    """Compare the tables with this version of the code."""

    def ask() -> str:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            raise DatabaseError(f"{len(missing)} are missing, the first {missing[0][0]}")
        return "All migrations are applied."

    return _attempt(
        "migrations", ask, "The tables are older than the code; run: python manage.py migrate"
    )


def check_worker(queue: str) -> Check:
    """Look for a sign of life of a worker; each sends one every few seconds."""
    name = f"worker {queue}"
    seen = cache.get(_key(queue))
    if seen is None:
        return Check(
            name,
            is_ok=False,
            words=f"No worker of the queue {queue!r} was heard of for {HEARTBEAT_LIFE_S} seconds;"
            f" start one: celery -A config worker -Q {queue}",
        )
    return Check(name, is_ok=True, words=f"Heard of {int(time.time()) - seen} s ago.")


def check_beat() -> Check:
    """Look for a sign of life of the scheduler, and for who it is."""
    beats = beat_lock.beats()
    waiting = f" {len(beats.standbys)} stand by." if beats.standbys else ""
    if cache.get(_key("beat")) is None:
        there = f" {beats.sender} is beat; look at its log." if beats.sender else ""
        return Check(
            "beat",
            is_ok=False,
            words=f"No scheduled task arrived for {SCHEDULE_LIFE_S // 60} minutes; start one:"
            f" celery -A config beat.{there}{waiting}",
        )
    if not beats.sender:
        words = f"Scheduled tasks arrived, but no beat runs now; start one.{waiting}"
        return Check("beat", is_ok=False, is_warning=True, words=words)
    return Check(
        "beat", is_ok=True, words=f"Scheduled tasks arrive; {beats.sender} is beat.{waiting}"
    )


def _attempt(name: str, ask: Callable[[], str], advice: str) -> Check:
    try:
        return Check(name, is_ok=True, words=ask())
    except (DatabaseError, RedisError, OSError) as error:
        # The address may hold a password, so only the kind of error is told here.
        reason = str(error) if name == "migrations" else type(error).__name__
        return Check(name, is_ok=False, words=f"{advice} ({reason})")
