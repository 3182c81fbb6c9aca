"""Servers for one command: started and stopped, attached to, left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

import embedded
from embedded.postgres import can_connect, processes_in
from embedded.process import wait_until
from embedded.state import EmbeddedError, StateBusyError, StateLock, make_private, run_directory

PROJECT = Path(embedded.__file__).parents[1]
OWNER = """
import sys, embedded, pathlib
with embedded.ensure(pathlib.Path(sys.argv[1]), purpose="a test", environ={}) as servers:
    print(servers.database_url, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def owner(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the servers until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(state)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()
        wait_until(lambda: not processes_in(state / "postgres"), timeout_s=60)


def execute(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_one_command_starts_and_stops_what_it_needs(tmp_path: Path) -> None:
    environ: dict[str, str] = {}

    with embedded.ensure(tmp_path, environ=environ) as servers:
        assert not servers.attached
        assert can_connect(environ["DATABASE_URL"])

    assert not can_connect(environ["DATABASE_URL"])
    assert sorted(environ) == ["DATABASE_URL", "FIELD_ENCRYPTION_KEY", "REDIS_URL", "SECRET_KEY"]


def test_second_command_attaches_to_the_first(tmp_path: Path) -> None:
    with embedded.ensure(tmp_path, environ={}) as first:
        with embedded.ensure(tmp_path, environ={}) as second:
            assert second.attached
            assert second.database_url == first.database_url

        assert can_connect(first.database_url)


def test_servers_named_in_the_environment_are_used_and_none_is_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db.example/shop", "REDIS_URL": "redis://cache.example/0"}

    with embedded.ensure(tmp_path, environ=dict(given)) as servers:
        assert servers.environment() == given

    assert sorted(path.name for path in tmp_path.iterdir()) == ["secrets.json"]


def test_only_the_missing_server_is_started(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://db.example/shop"}

    with embedded.ensure(tmp_path, environ=environ):
        assert environ["REDIS_URL"].startswith("unix://")

    assert environ["DATABASE_URL"] == "postgresql://db.example/shop"
    assert not (tmp_path / "postgres").exists()


def test_owner_waits_for_those_who_attached(tmp_path: Path) -> None:
    with owner(tmp_path) as process:
        with embedded.ensure(tmp_path, environ={}) as servers:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stderr is not None
            told = process.stderr.readline()
            assert execute(servers.database_url, "SELECT 1") == [(1,)]

        assert process.wait(20) == 0
        assert "Other commands still use this database" in told
        assert not can_connect(servers.database_url)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_servers_stop_when_their_owner_is_killed(tmp_path: Path) -> None:
    with owner(tmp_path) as process:
        with embedded.ensure(tmp_path, environ={}) as servers:
            execute(servers.database_url, "CREATE TABLE kept AS SELECT 7 AS n")

        process.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not processes_in(tmp_path / "postgres"), timeout_s=60)

    with embedded.ensure(tmp_path, environ={}) as servers:
        assert execute(servers.database_url, "SELECT n FROM kept") == [(7,)]


def test_busy_directory_names_its_holder(tmp_path: Path) -> None:
    first, second = StateLock(tmp_path), StateLock(tmp_path)
    first.acquire(purpose="manage.py migrate")

    with pytest.raises(StateBusyError, match=rf"process {os.getpid()} \(manage.py migrate, since"):
        second.acquire_or_refuse(purpose="the supervisor")
    first.release()

    second.acquire_or_refuse(purpose="the supervisor")
    second.release()


def test_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    first: dict[str, str] = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x/0"}
    second = {**first, "SECRET_KEY": "given"}

    with embedded.ensure(tmp_path, environ=first), embedded.ensure(tmp_path, environ=second):
        pass

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(first["FIELD_ENCRYPTION_KEY"]) == 44
    assert second["FIELD_ENCRYPTION_KEY"] == first["FIELD_ENCRYPTION_KEY"]
    assert second["SECRET_KEY"] == "given"


def test_broken_secrets_are_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"SECRET_KEY": "x"}')

    with pytest.raises(EmbeddedError, match="Restore it from a backup"):
        embedded.ensure(tmp_path, environ={}).__enter__()

    assert (tmp_path / "secrets.json").read_text() == '{"SECRET_KEY": "x"}'


def test_socket_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(EmbeddedError, match="belongs to another user"):
        make_private(tmp_path / "link")


def test_long_path_moves_the_sockets_to_a_short_one(tmp_path: Path) -> None:
    short, long = tmp_path / "a", tmp_path / ("b" * 100)

    assert run_directory(short) == short / "run"
    assert run_directory(long).parent != long
    assert run_directory(long) == run_directory(long)
    assert run_directory(long) != run_directory(tmp_path / ("c" * 100))
