"""The test database: migrated once per state of the migrations, then loaded from a dump.

Migrating from nothing costs 6 s of CPU, loading its dump half a second. The dump is named by a
hash of every migration and pin, so it can be stale only when neither changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from embedded.providers import find_postgres

_ROOT = Path(settings.BASE_DIR)
_CACHE = _ROOT / "var" / "test-schema"
_OF_DJANGO = {"django_content_type", "auth_permission", "django_migrations"}
# Not dropped: keys of other tables may stand on one that is a constraint's.
_LEAVE_OUT_OTHERS = """
UPDATE pg_index other SET indisvalid = false FROM pg_index kept
WHERE kept.indexrelid = %s::regclass AND other.indrelid = kept.indrelid
AND other.indexrelid <> kept.indexrelid
"""
_HOLDS_ROWS = "SELECT '{0}' WHERE EXISTS (SELECT FROM {0})"


def create() -> None:
    """Make this worker's database and point Django at it."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    _recreate(name)
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
    with _one_at_a_time():
        dump = _dump()
        if dump.exists() and _load(dump):
            return
        call_command("migrate", verbosity=0)
        _save(dump)


def fill() -> None:
    """Load the dump, where there is one, into an empty database; else leave that to `migrate`."""
    with _one_at_a_time():
        if _dump().exists():
            _psql(_dump())


def empty(_case: object = None) -> None:
    """Take away the rows that a test committed; what `migrate` wrote for Django itself stays.

    Django's own way truncates every table and writes permissions anew: 0.8 s after each test.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _OF_DJANGO
    names = [connection.ops.quote_name(table) for table in sorted(tables)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_HOLDS_ROWS.format(name) for name in names))
        filled = [name for (name,) in cursor.fetchall()]
        # No trigger runs and no key is looked at: history is append-only, and all of it goes.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")


def look_at_sessions_anew() -> None:
    """Within a transaction PostgreSQL shows them as they were when it was first asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")


def _recreate(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _dump() -> Path:
    return _CACHE / f"{_fingerprint()}.sql"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = [*_ROOT.glob("*/migrations/*.py"), _ROOT / "requirements.txt"]
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _client(program: str, *arguments: str) -> bool:
    """Run a PostgreSQL client program; ``False`` when it is missing or does not fit the server."""
    beside = find_postgres().bin / program
    path = str(beside) if beside.exists() else shutil.which(program)
    if path is None:
        return False
    target = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": str(target["HOST"]),
        "PGPORT": str(target["PORT"]),
        "PGUSER": str(target["USER"]),
        "PGPASSWORD": str(target["PASSWORD"]),
        "PGDATABASE": str(target["NAME"]),
    }
    done = subprocess.run([path, *arguments], env=environment, capture_output=True, check=False)
    return done.returncode == 0


def _psql(dump: Path) -> bool:
    """All of the dump or nothing."""
    return _client("psql", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", str(dump))


def _load(dump: Path) -> bool:
    loaded = _psql(dump)
    if not loaded:
        name = str(connection.settings_dict["NAME"])
        connection.close()
        connection.settings_dict["NAME"] = "postgres"
        _recreate(name)
        connection.close()
        connection.settings_dict["NAME"] = name
    return loaded


def _save(dump: Path) -> None:
    draft = dump.with_suffix(f".{os.getpid()}")
    if _client("pg_dump", "--no-owner", "-f", str(draft)):
        for old in _CACHE.glob("*.sql"):
            old.unlink()
        draft.rename(dump)


def only_index(name: str) -> None:
    """Leave a table this index alone, until the test's transaction ends.

    What the planner takes of several hangs on what it happens to know of a table this small; of one
    it tells whether the query can use it at all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_LEAVE_OUT_OTHERS, [name])


def answers_alone(name: str) -> None:
    """Leave a table this index alone, and the planner what an index-only scan needs.

    Plain index scans stay allowed: the planner takes an index alone wherever it holds all that is
    asked, and up to PostgreSQL 17 forbidding the one makes the other as dear as the table.
    """
    only_index(name)
    with connection.cursor() as cursor:
        for way in ("bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
