"""A backup brings everything back: rows, what guards them, and files."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

import embedded
from embedded import backup
from embedded.state import EmbeddedError
from embedded.urls import socket_database_url
from tests.workspaces import note_kind
from tests.workspaces.factories import ConnectionFactory
from tests.workspaces.gate_steps import run_due, signed

PROJECT = Path(embedded.__file__).parents[1]
COPY = "restored_backup"
# What the database itself refuses or keeps in order.
GUARDS = """
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'index', indrelid::regclass::text, indexrelid::regclass::text,
                     pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg_%' AND indisvalid
    UNION ALL SELECT 'sequence', sequencename, '', last_value::text
    FROM pg_sequences WHERE schemaname = 'public'
"""
TABLES = """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1
"""
ROWS = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {0} t"


@pytest.fixture
def copy_url(transactional_db) -> Iterator[str]:
    """Address of an empty database beside the tests' own."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {COPY}")
        cursor.execute(f"CREATE DATABASE {COPY} TEMPLATE template0")
    yield url_of(COPY)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {COPY} WITH (FORCE)")


def url_of(name: str) -> str:
    target = connection.settings_dict
    if not str(target["HOST"]).startswith("/"):
        pytest.skip("the tests' database is not behind a socket")
    return socket_database_url(Path(target["HOST"]), name=name, user=target["USER"])


def command(*arguments: str, database: str, media: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "embedded.backup", *arguments],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": database, "MEDIA_ROOT": str(media)},
        capture_output=True,
        text=True,
        check=False,
    )


def content(url: str) -> tuple[dict[str, tuple[int, str]], set[tuple[str, ...]]]:
    """Rows of each table with their digest, and all that guards them."""
    there = psycopg2.connect(url)
    try:
        with there.cursor() as cursor:
            cursor.execute(TABLES)
            rows = {}
            for (table,) in cursor.fetchall():
                cursor.execute(ROWS.format(table))
                rows[table] = cursor.fetchone()
            cursor.execute(GUARDS)
            return rows, set(cursor.fetchall())
    finally:
        there.close()


@pytest.mark.slow
def test_all_comes_back_into_an_empty_database(copy_url, workspace, approver, tmp_path):
    note_kind.install()
    now = timezone.now()
    signed(workspace, approver, now)
    assert run_due(now + timedelta(seconds=1)) == 1  # plan, signature, attempt: all append-only
    ConnectionFactory(workspace=workspace)
    kept, fresh = tmp_path / "media", tmp_path / "fresh"
    (kept / "inbox").mkdir(parents=True)
    (kept / "inbox" / "invoice.pdf").write_bytes(b"%PDF" + bytes(range(256)))
    own, dump = url_of(str(connection.settings_dict["NAME"])), str(tmp_path / "all.dump")

    saved = command("save", dump, database=own, media=kept)
    first = command("restore", dump, database=copy_url, media=fresh)
    again = command("restore", dump, database=copy_url, media=fresh)

    assert (saved.returncode, first.returncode, again.returncode) == (0, 0, 0), (
        saved.stderr + first.stderr + again.stderr
    )
    assert saved.stdout.endswith(f"and 1 files to {dump}.files.tar.\n")
    rows, guards = content(own)
    assert content(copy_url) == (rows, guards)
    assert rows["workspaces_signature"][0] == rows["workspaces_executionattempt"][0] == 1
    assert len(guards) > 1000
    invoice = (fresh / "inbox" / "invoice.pdf").read_bytes()
    assert invoice == b"%PDF" + bytes(range(256))


@pytest.fixture
def programs(monkeypatch):
    """What pg_dump and pg_restore are asked, and how they end."""
    asked: list[tuple[str, ...]] = []
    ends = {"pg_dump": 0, "pg_restore": 0}

    def run(name: str, *arguments: str) -> int:
        asked.append((name, *arguments))
        for argument in arguments:
            if name == "pg_dump" and argument.startswith("--file=") and not ends[name]:
                Path(argument.removeprefix("--file=")).write_text("new")
        return ends[name]

    monkeypatch.setattr(backup, "run_program", run)
    return asked, ends


def test_backup_that_fails_leaves_the_last_one(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    dump = tmp_path / "a.dump"
    backup.main(["save", str(dump)])
    dump.write_text("good")
    programs[1]["pg_dump"] = 1

    with pytest.raises(EmbeddedError, match="was not saved"):
        backup.main(["save", str(dump)])
    assert dump.read_text() == "good"
    assert backup.archive_of(dump).is_file()


def test_restore_without_files_says_so_and_a_failed_one_touches_none(
    programs, tmp_path, monkeypatch
):
    media, dump = tmp_path / "media", tmp_path / "a.dump"
    monkeypatch.setenv("MEDIA_ROOT", str(media))
    with pytest.raises(EmbeddedError, match="There is no backup"):
        backup.main(["restore", str(dump)])
    dump.write_text("x")
    assert "attachments were not put back" in backup.main(["restore", str(dump)])

    (tmp_path / "f").write_text("f")
    with tarfile.open(backup.archive_of(dump), "w") as tar:
        tar.add(tmp_path / "f", arcname="f")
    programs[1]["pg_restore"] = 1
    with pytest.raises(EmbeddedError, match="Nothing was put back"):
        backup.main(["restore", str(dump)])
    assert not media.exists()


def test_archive_that_leads_outside_is_refused(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    dump = tmp_path / "a.dump"
    dump.write_text("x")
    (tmp_path / "f").write_text("evil")
    with tarfile.open(backup.archive_of(dump), "w") as tar:
        tar.add(tmp_path / "f", arcname="../outside")

    with pytest.raises(EmbeddedError, match="The database is back, but not all of"):
        backup.main(["restore", str(dump)])
    assert not (tmp_path / "outside").exists()


def test_words_that_mean_nothing_are_told_what_does():
    with pytest.raises(EmbeddedError, match=r"save\|restore FILE"):
        backup.main(["brew"])
