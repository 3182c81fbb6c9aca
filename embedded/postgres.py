"""A private PostgreSQL behind a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg2

from embedded.process import is_running, run, spawn, stop, tail, wait_until
from embedded.providers import PostgresBinaries, find_postgres
from embedded.state import EmbeddedError, make_private
from embedded.urls import socket_database_url

DATABASE = "countersign"
START_TIMEOUT_S = 60.0  # recovery after a crash replays the write-ahead log first
# The test servers' data are thrown away, so nothing has to reach the disk.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class Postgres:
    """Starts and stops one cluster; `url` is known before it runs."""

    name = "postgres"

    def __init__(
        self, data: Path, *, run: Path, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.url = socket_database_url(run, name=DATABASE)
        self.log = log
        self._data = data
        self._run = run
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Make the cluster and the database when missing, and return when it answers."""
        make_private(self._run)
        binaries = find_postgres(major=self._data_major())
        self._end_orphans()
        if self._data_major() is None:
            self._initialise(binaries)
        self.launch(binaries)
        if not wait_until(self._answers_or_died, timeout_s=START_TIMEOUT_S) or self.pid is None:
            self.stop()
            raise EmbeddedError(
                f"PostgreSQL did not start. {self.log} ends with:\n{tail(self.log)}"
            )
        self._create_database()

    def launch(self, binaries: PostgresBinaries) -> None:
        """Start the server process without waiting."""
        settings = {
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            # Where PostgreSQL was built with LLVM: a wide statement is compiled for seconds and
            # then runs for milliseconds.
            "jit": "off",
            **self._settings,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [binaries.program("postgres"), "-D", str(self._data), "-k", str(self._run)]
        with self.log.open("ab") as log:
            self._process = spawn(
                [*_as_ordinary_user(), *command, *options], log=log, death_signal=signal.SIGINT
            )

    def answers(self) -> bool:
        """Whether it takes connections."""
        return can_connect(self.url_of("postgres"))

    def url_of(self, database: str) -> str:
        """Address of another database of the same cluster."""
        return socket_database_url(self._run, name=database)

    def stop(self) -> None:
        """Fast shutdown; if that hangs, immediate shutdown (the next start recovers)."""
        if self._process is not None:
            stop(self._process, (signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
            self._process = None

    def _answers_or_died(self) -> bool:
        return self.pid is None or self.answers()

    def _data_major(self) -> int | None:
        version = self._data / "PG_VERSION"
        return int(version.read_text(encoding="ascii")) if version.is_file() else None

    def _initialise(self, binaries: PostgresBinaries) -> None:
        # A half-made cluster must never look like a whole one: make it aside, then rename.
        unfinished = self._data.with_name(self._data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--locale=C.UTF-8"]
        if binaries.major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        command = [binaries.program("initdb"), "-D", str(unfinished), "-U", "postgres"]
        answer = run([*_as_ordinary_user(), *command, "-A", "trust", "-E", "UTF8", *locale, *sync])
        if answer.returncode:
            raise EmbeddedError(_initdb_failure(answer.stderr or answer.stdout))
        unfinished.rename(self._data)

    def _create_database(self) -> None:
        connection = psycopg2.connect(self.url_of("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _end_orphans(self) -> None:
        """Stop what outlived its parent; we hold the directory, so it serves nobody.

        A whole server may be left (its supervisor was killed), or only busy backends (the server
        was killed): they notice at the end of their query and keep the shared memory until then.
        """
        left = processes_in(self._data)
        postmaster = _recorded_pid(self._data)
        if postmaster in left:
            os.kill(postmaster, signal.SIGINT)
            wait_until(lambda: not is_running(postmaster), timeout_s=30.0)
        for pid in processes_in(self._data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not wait_until(lambda: not processes_in(self._data), timeout_s=10.0):
            pids = ", ".join(map(str, processes_in(self._data)))
            raise EmbeddedError(
                f"Earlier PostgreSQL processes ({pids}) still use {self._data} and do not stop."
                " End them and start again."
            )


def processes_in(data: Path) -> list[int]:
    """The running processes of a cluster: they work in its data directory."""
    if sys.platform != "linux":
        listing = run(["/bin/ps", "-axo", "pid=,command="]).stdout.splitlines()
        return [int(line.split()[0]) for line in listing if f"-D {data} " in line]
    target = data.resolve()
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _works_in(entry, target)
    ]


def _works_in(process: Path, directory: Path) -> bool:
    try:
        # A shell may stand in the same directory; only the server is ours to stop.
        return (process / "cwd").readlink() == directory and (
            (process / "comm").read_text(encoding="utf-8").strip() == "postgres"
        )
    except OSError:  # gone, a zombie, or another user's
        return False


def _recorded_pid(data: Path) -> int:
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


def can_connect(url: str) -> bool:
    """Whether a PostgreSQL answers there."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def _as_ordinary_user() -> list[str]:
    """PostgreSQL refuses to run as root: give it a user namespace in which we are `nobody`.

    No user is created and no file changes its owner: inside, 65534 is only another name for root.
    """
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    if unshare is None:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and `unshare` (package util-linux) is missing."
            " Run as an ordinary user, or set DATABASE_URL to a server of your own."
        )
    return [unshare, "--user", "--map-user=65534", "--map-group=65534", "--"]


def _initdb_failure(output: str) -> str:
    if "unshare" in output:
        return (
            "PostgreSQL refuses to run as root and this machine forbids user namespaces"
            f" ({output.strip()}). Run as an ordinary user, or set DATABASE_URL to a server of"
            " your own."
        )
    return f"PostgreSQL could not create its data directory:\n{output.strip()}"
