"""Backup and restore with the programs of the embedded PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import embedded

PROJECT = Path(embedded.__file__).parents[1]


def client(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in embedded.SERVER_VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "embedded.client", *arguments],
        cwd=PROJECT,
        env={**kept, "COUNTERSIGN_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_backup_brings_back_what_was_lost(tmp_path: Path) -> None:
    state, dump = tmp_path / "state", str(tmp_path / "backup.dump")
    sql = "CREATE TABLE kept AS SELECT 7 AS n; CREATE TABLE other AS SELECT 1 AS n"
    with embedded.ensure(state, environ={}):  # one server for the four commands
        assert client(state, "psql", "-c", sql).returncode == 0

        saved = client(state, "pg_dump", "--format=custom", f"--file={dump}")
        client(state, "psql", "-c", "DROP TABLE kept; UPDATE other SET n = 2")
        options = ["--clean", "--if-exists", "--single-transaction", dump]
        restored = client(state, "pg_restore", *options)
        rows = client(state, "psql", "-At", "-c", "SELECT kept.n, other.n FROM kept, other")

    assert (saved.returncode, restored.returncode) == (0, 0), saved.stderr + restored.stderr
    assert rows.stdout == "7|1\n"


def test_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = client(tmp_path, "pg_brew")

    assert result.returncode == 1
    assert "PostgreSQL's program pg_brew is not in" in result.stderr
