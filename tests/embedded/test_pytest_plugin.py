"""The pytest plugin, in a small pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import embedded

PROJECT = Path(embedded.__file__).parents[1]
HEAD = """
import os, pathlib, signal, psycopg2, pytest, redis
HERE = pathlib.Path(__file__).parent

def note(name):
    (HERE / name).write_text(os.environ["REDIS_URL"] + "\\n" + os.environ["DATABASE_URL"])
"""
USE = """
def test_servers():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute("SHOW fsync")
    assert cursor.fetchone() == ("off",)
    connection.close()
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    note("used")
"""


def run_pytest(
    home: Path, body: str, *options: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pytest on one file with nothing but our plugin; its temporary files lie in `home/tmp`."""
    (home / "tmp").mkdir()
    (home / "pytest.ini").write_text("[pytest]\n")
    (home / "test_nested.py").write_text(HEAD + body)
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DATABASE_URL", "REDIS_URL") and not key.startswith("PYTEST")
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "embedded.pytest_plugin", *options, str(home)],
        cwd=home,
        env={
            **kept,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(PROJECT),
            "TMPDIR": str(home / "tmp"),
            **(env or {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def left_over(home: Path) -> list[str]:
    return [path.name for path in (home / "tmp").glob("countersign-*")]


def test_tests_get_private_servers_and_leave_nothing(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, USE)

    assert "1 passed" in result.stdout, result.stdout + result.stderr
    assert (tmp_path / "used").exists()
    assert left_over(tmp_path) == []


def test_workers_share_the_servers_but_not_the_redis_database(tmp_path: Path) -> None:
    body = """
@pytest.mark.parametrize("n", range(4))
def test_worker(n):
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    note(os.environ["PYTEST_XDIST_WORKER"])
"""
    result = run_pytest(tmp_path, body, "-p", "xdist", "-n", "2")

    assert "4 passed" in result.stdout, result.stdout + result.stderr
    (redis_0, database_0), (redis_1, database_1) = (
        (tmp_path / name).read_text().split() for name in ("gw0", "gw1")
    )
    assert redis_0.endswith("?db=1")
    assert redis_1 == redis_0.replace("?db=1", "?db=2")
    assert database_0 == database_1
    assert left_over(tmp_path) == []


def test_ctrl_c_stops_the_servers(tmp_path: Path) -> None:
    # A shell starts background jobs with Ctrl-C ignored, and children inherit that.
    body = (
        "def test_interrupted():\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "    note('used')\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
    )

    result = run_pytest(tmp_path, body)

    assert result.returncode == pytest.ExitCode.INTERRUPTED
    assert (tmp_path / "used").exists()
    assert left_over(tmp_path) == []


def test_servers_named_in_the_environment_are_used(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db.example/shop", "REDIS_URL": "redis://cache.example/4"}

    result = run_pytest(tmp_path, "def test_names():\n    note('used')\n", env=given)

    assert "1 passed" in result.stdout
    assert (tmp_path / "used").read_text().split() == [given["REDIS_URL"], given["DATABASE_URL"]]


SKIPS = """
def test_fine():
    pass

@pytest.mark.skip(reason="no browser")
def test_skipped():
    pass

@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert False
"""
NO_SERVERS = {"DATABASE_URL": "postgresql:///unused", "REDIS_URL": "redis://unused/0"}


def test_skips_fail_the_run_where_that_is_asked_for(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, SKIPS, "--fail-on-skip", env=NO_SERVERS)

    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    assert "--fail-on-skip forbids that:\n  test_nested.py::test_skipped\n" in result.stdout


def test_skips_pass_elsewhere(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, SKIPS, env=NO_SERVERS)

    assert result.returncode == pytest.ExitCode.OK
