"""PostgreSQL, Redis and the broker: whether they are set so that nothing signed is lost."""

from __future__ import annotations

from typing import Final

from celery import current_app
from django.conf import settings
from django.db import Error, connection, connections
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workspaces.cache import server_facts
from workspaces.databases import DIRECT, REPLICA, lag_s
from workspaces.services.beat_lock import is_pooled
from workspaces.services.health import Check

_OLDEST: Final = 150_000  # server_version_num of PostgreSQL 15
_FULL_SHARE: Final = 0.85
_QUEUED_MANY: Final = 1000
_SETTINGS: Final = """
    SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
           current_setting('fsync'), current_setting('synchronous_commit'),
           current_setting('autovacuum'), current_setting('max_connections')::int,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""


def _settings() -> tuple[int, str, str, str, str, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        row: tuple[int, str, str, str, str, int, int] = cursor.fetchone()
    return row


def check_database_settings() -> Check:
    """Look at the version, and at what makes a commit last."""
    version, encoding, fsync, commit, vacuum, most, used = _settings()
    name = "database set-up"
    if version < _OLDEST:
        words = f"PostgreSQL {version // 10000} is too old; upgrade to 15 or later."
        return Check(name, is_ok=False, words=words)
    if encoding != "UTF8":
        words = f"The database is in {encoding}; make one in UTF8 and restore into it."
        return Check(name, is_ok=False, words=words)
    if fsync == "off":
        return Check(name, is_ok=False, words="fsync is off: a crash loses data; set it to on.")
    risks = {
        "synchronous_commit is off: a crash forgets signatures just given; set it to on": (
            commit == "off"
        ),
        "autovacuum is off: tables grow without end; set it to on": vacuum == "off",
        f"{used} of {most} connections are taken; raise max_connections or put PgBouncer in"
        " front": used > _FULL_SHARE * most,
    }
    return _warned(name, risks, well=f"{used} of {most} connections are taken.")


def check_ways() -> Check:
    """Look whether a pooler stands in front of PostgreSQL, and how far the replica is behind."""
    name = "database ways"
    is_behind_pooler = is_pooled(connection)
    if is_behind_pooler and DIRECT not in connections:
        words = (
            "A pooler answers at DATABASE_URL; set DATABASE_DIRECT_URL to PostgreSQL itself, for"
            " beat and jobs hold locks of their session."
        )
        return Check(name, is_ok=False, words=words)
    way = "Through a pooler" if is_behind_pooler else "Straight to PostgreSQL"
    if REPLICA not in connections:
        return Check(name, is_ok=True, words=f"{way}; no replica.")
    try:
        behind_s = lag_s()
    except Error as error:
        words = (
            f"The replica does not answer ({type(error).__name__}); dashboards read the primary."
        )
        return Check(name, is_ok=False, is_warning=True, words=words)
    if behind_s > settings.REPLICA_LATEST_S:
        words = f"The replica is {behind_s:.0f} s behind; dashboards read the primary meanwhile."
        return Check(name, is_ok=False, is_warning=True, words=words)
    return Check(name, is_ok=True, words=f"{way}; the replica is {behind_s:.0f} s behind.")


def check_redis_settings() -> Check:
    """Look whether Redis may forget what waits in it."""
    name = "redis set-up"
    try:
        facts = server_facts()
    except RedisError as error:
        words = f"Redis does not tell its settings ({type(error).__name__}); look at them yourself."
        return Check(name, is_ok=False, is_warning=True, words=words)
    if (policy := facts.get("maxmemory_policy", "noeviction")) != "noeviction":
        words = f"Redis throws away what waits ({policy}); set maxmemory-policy noeviction."
        return Check(name, is_ok=False, words=words)
    most, used = int(facts.get("maxmemory", 0)), int(facts.get("used_memory", 0))
    risks = {
        "Redis writes nothing to disk; set appendonly yes": not int(facts.get("aof_enabled", 1)),
        f"{used >> 20} of {most >> 20} MB are used; give Redis more": (
            most > 0 and used > _FULL_SHARE * most
        ),
    }
    return _warned(name, risks, well=f"Nothing is thrown away; {used >> 20} MB are used.")


def check_broker() -> Check:
    """Look through the door that workers take, and at what waits there."""
    try:
        with current_app.connection_for_read() as broker:
            waiting = {
                queue: broker.default_channel._size(queue)  # type: ignore[attr-defined]  # untyped
                for queue in ("gate", "default", "infer", "outreach", "train", "slow", "drafts")
            }
    except (OperationalError, RedisError, OSError) as error:
        words = f"The broker does not answer; correct REDIS_URL. ({type(error).__name__})"
        return Check("broker", is_ok=False, words=words)
    queue, most = max(waiting.items(), key=lambda pair: pair[1])
    risks = {f"{most} tasks wait in {queue}; start another worker of it": most > _QUEUED_MANY}
    return _warned("broker", risks, well=f"{sum(waiting.values())} tasks wait.")


def _warned(name: str, risks: dict[str, bool], *, well: str) -> Check:
    found = [words for words, is_so in risks.items() if is_so]
    if found:
        return Check(name, is_ok=False, is_warning=True, words=f"{'. '.join(found)}.")
    return Check(name, is_ok=True, words=well)
