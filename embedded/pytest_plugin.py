"""Private PostgreSQL and Redis for a test run; loaded by `-p embedded.pytest_plugin`.

A variable that is set already is left alone, so a run against a system PostgreSQL needs nothing but
DATABASE_URL. With pytest-xdist the controller starts the servers and the workers inherit them
through the environment, each with a logical Redis database of its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from embedded import postgres, valkey
from embedded.postgres import Postgres
from embedded.state import run_directory
from embedded.urls import parse_redis_url
from embedded.valkey import Valkey


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment before pytest-django reads the settings in the same hook."""
    # As the supervisor does for its children: several workers share the cores, and threads that
    # wait for each other make small sums take five times as long.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _start_servers(early_config)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        url = parse_redis_url(os.environ["REDIS_URL"])
        number = int(worker.removeprefix("gw")) + 1  # the controller keeps the first
        os.environ["REDIS_URL"] = url.client(url.db + number)
    return (yield)


def _start_servers(config: pytest.Config) -> None:
    home = Path(tempfile.mkdtemp(prefix="countersign-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    run = run_directory(home)
    if run.parent != home:
        config.add_cleanup(lambda: shutil.rmtree(run, ignore_errors=True))
    redis = None
    if not os.environ.get("REDIS_URL"):
        redis = Valkey(home / "redis", run=run, log=home / "redis.log", settings=valkey.FORGETFUL)
        config.add_cleanup(redis.stop)
        redis.launch()  # comes up while PostgreSQL makes its cluster
    if not os.environ.get("DATABASE_URL"):
        database = Postgres(
            home / "postgres", run=run, log=home / "postgres.log", settings=postgres.FORGETFUL
        )
        config.add_cleanup(database.stop)
        database.start()
        os.environ["DATABASE_URL"] = database.url
    if redis is not None:
        redis.wait()
        os.environ["REDIS_URL"] = redis.url


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fail-on-skip`, for runs in which nothing may be missing."""
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        help="fail the run when a test was skipped, as CI does",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count skips only where they are asked for, and once: in the controller."""
    if config.getoption("--fail-on-skip") and not os.environ.get("PYTEST_XDIST_WORKER"):
        config.pluginmanager.register(SkipCounter(), "countersign-skip-counter")


class SkipCounter:
    """Fails a run in which something was skipped."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that skipped itself; an expected failure is not a skip."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file that skipped itself."""
        if report.skipped:
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a green run into a red one."""
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which."""
        if self.skipped:
            names = "\n  ".join(self.skipped)
            terminalreporter.write_line(f"Skipped, and --fail-on-skip forbids that:\n  {names}")
