"""The private PostgreSQL: made, stopped, killed, moved to awkward places."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import POLL_OK

from embedded.postgres import FORGETFUL, Postgres, can_connect
from embedded.process import is_running, wait_until
from embedded.state import EmbeddedError, run_directory
from embedded.urls import parse_database_url


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_rows_outlive_an_orderly_restart(postgres: Postgres) -> None:
    postgres.start()
    query(postgres.url, "CREATE TABLE kept AS SELECT 7 AS n")

    postgres.stop()
    assert not can_connect(postgres.url)
    postgres.start()

    assert query(postgres.url, "SELECT n FROM kept") == [(7,)]


def test_kill_9_loses_no_committed_row(postgres: Postgres) -> None:
    postgres.start()
    query(postgres.url, "CREATE TABLE kept (n int)")
    for number in range(50):
        query(postgres.url, f"INSERT INTO kept VALUES ({number})")
    pid = postgres.pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: postgres.pid is None, timeout_s=60)
    postgres.start()

    assert query(postgres.url, "SELECT count(*), sum(n) FROM kept") == [(50, 1225)]


def test_kill_9_in_the_middle_of_long_queries_is_survived(postgres: Postgres) -> None:
    postgres.start()
    query(postgres.url, "CREATE TABLE kept AS SELECT 7 AS n")
    busy = [psycopg2.connect(postgres.url, async_=True) for _ in range(3)]
    for connection in busy:
        assert wait_until(lambda c=connection: c.poll() == POLL_OK, timeout_s=60)
        # It computes in memory only, so it would not notice the death of its server for minutes.
        connection.cursor().execute("SELECT count(*) FROM generate_series(1, 1000000000)")
    pid = postgres.pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: postgres.pid is None, timeout_s=60)
    postgres.start()

    assert query(postgres.url, "SELECT n FROM kept") == [(7,)]
    for connection in busy:
        connection.close()


def test_text_is_unicode_whatever_the_machine_says(forgetful_postgres: Postgres) -> None:
    forgetful_postgres.start()

    answer = query(forgetful_postgres.url, "SELECT lower('ÄÖÉ'), length('Ärger')")

    assert answer == [("äöé", 5)]


def test_no_network_port_is_opened(forgetful_postgres: Postgres) -> None:
    forgetful_postgres.start()

    assert query(forgetful_postgres.url, "SHOW listen_addresses") == [("",)]
    assert parse_database_url(forgetful_postgres.url).host.startswith("/")


def test_only_the_owner_may_enter_the_socket_directory(forgetful_postgres: Postgres) -> None:
    forgetful_postgres.start()

    directory = Path(parse_database_url(forgetful_postgres.url).host)

    assert directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["my state (1)", "long-" * 24 + "end", "ünïcode & 'quotes'"])
def test_awkward_paths_work(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    server = Postgres(home / "data", run=run_directory(home), log=home / "log", settings=FORGETFUL)

    try:
        server.start()
        assert query(server.url, "SELECT current_database()") == [("countersign",)]
    finally:
        server.stop()


def test_data_of_another_major_version_are_refused_in_words(
    tmp_path: Path, postgres: Postgres
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/PG_VERSION").write_text("9\n")

    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 9, but only .* is installed"):
        postgres.start()


def test_server_that_outlived_its_parent_is_stopped_first(tmp_path: Path) -> None:
    run, log = run_directory(tmp_path), tmp_path / "log"
    orphan = Postgres(tmp_path / "data", run=run, log=log)
    orphan.start()
    orphan_pid = orphan.pid
    successor = Postgres(tmp_path / "data", run=run, log=log)

    try:
        successor.start()

        assert orphan_pid is not None
        assert not is_running(orphan_pid)
        assert successor.pid not in (None, orphan_pid)
    finally:
        successor.stop()
        orphan.stop()
