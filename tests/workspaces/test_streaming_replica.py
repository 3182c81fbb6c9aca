"""Dashboards over a PostgreSQL that really follows another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.keys import local_secrets
from embedded.postgres import Postgres
from embedded.providers import find_postgres
from embedded.stack import PROJECT

# Quick to start and to stop; all that following needs stays on.
QUICK = {"fsync": "off", "wal_level": "replica", "max_wal_senders": "4"}


def server(folder: Path) -> Postgres:
    folder.mkdir(exist_ok=True)
    return Postgres(
        folder / "data", run=folder / "run", log=folder / "postgres.log", settings=QUICK
    )


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Postgres, Postgres]]:
    """A primary, and a replica that was copied from it and streams."""
    primary, replica = server(tmp_path / "one"), server(tmp_path / "two")
    try:
        primary.start()
        copy = [
            find_postgres().program("pg_basebackup"), "-d", primary.url_of("postgres"),
            "-D", str(tmp_path / "two" / "data"), "-R", "--checkpoint=fast", "--no-sync",
        ]  # fmt: skip
        subprocess.run(copy, check=True, capture_output=True)
        replica.start()
        yield primary, replica
    finally:
        replica.stop()
        primary.stop()


@pytest.mark.slow
def test_dashboards_read_a_replica_while_it_is_fresh(
    pair: tuple[Postgres, Postgres], tmp_path: Path
) -> None:
    primary, replica = pair

    def told(step: str) -> dict[str, Any]:
        env = {
            **os.environ,
            **local_secrets(tmp_path),
            "DATABASE_URL": primary.url,
            "DATABASE_REPLICA_URL": replica.url,
            "COUNTERSIGN_STATE": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.workspaces.replica_steps", step], env=env, cwd=PROJECT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return dict(json.loads(done.stdout))

    assert told("follow") == {
        "lag of what waits for nothing": 0,
        "dashboard": [200, True],
        "a moment behind": ["one"],
        "too far behind": ["one", "two"],
        "doctor": "warn",
        "caught up": [["one", "two"], "ok", [200, True]],
    }
    replica.stop()
    assert told("gone") == {"names": ["one", "two"], "dashboard": [200, False]}
