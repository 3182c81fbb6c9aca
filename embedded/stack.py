"""The supervisor as a library, for tests that start and kill the running system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded.network import free_port
from embedded.process import spawn, stop, tail, wait_until
from embedded.procfile import read_procfile
from embedded.servers import postgres_of, valkey_of
from embedded.state import EmbeddedError
from embedded.status import Status, read_status

PROJECT = Path(__file__).resolve().parents[1]
MIGRATE = "python manage.py migrate --noinput"
READY_PATHS = ("/readyz", "/accounts/login/")
STOP_TIMEOUT_S = 90.0
# Each takes seconds of a core to start, and few tests need them.
SPARED = ("worker-train", "worker-infer", "worker-outreach", "worker-slow")
# They would tie the new stack to the servers and settings of the test that starts it.
NOT_INHERITED = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEY",
    "DJANGO_SETTINGS_MODULE",
    "PUBLIC_BASE_URL",
    "SANDBOX_URL",
    "RESET",
}


class Here:
    """A running system whose web process and far end listen on this machine's loopback."""

    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        """Base address of the web process, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Base address of the sandbox process."""
        return f"http://127.0.0.1:{self.sandbox_port}"


def run_in_project(
    command: Sequence[str], *, log: Path, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a process that ends with this one; what it says goes to ``log``."""
    with log.open("wb") as told:
        return spawn(command, log=told, death_signal=signal.SIGTERM, cwd=PROJECT, env=env)


class Stack(Here):
    """A supervisor process of its own with everything below it.

    Give it a state directory of its own; ports are free ones unless named. The workers in
    ``spared`` do not run; ``spared=()`` runs them all.
    """

    def __init__(
        self,
        state: Path,
        *,
        procfile: Path = PROJECT / "Procfile",
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        processes: Sequence[str] = (),
        spared: Sequence[str] = SPARED,
        later: Sequence[str] = (),
        prepare: Sequence[str] = (MIGRATE,),
        ready_paths: Sequence[str] = READY_PATHS,
    ) -> None:
        self.state = state.absolute()
        self.port = port or free_port()
        self.sandbox_port = free_port()
        self._env = dict(env or {})
        self._arguments = ["--procfile", str(procfile.absolute())]
        listed = read_procfile(procfile) if procfile.is_file() else {}
        for flag, values in (
            ("--only", processes),
            ("--without", [name for name in spared if name in listed and name not in processes]),
            ("--later", later),
            ("--prepare", prepare),
            ("--ready-path", ready_paths),
        ):
            self._arguments += [part for value in values for part in (flag, value)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        """Address of its PostgreSQL."""
        return self._env.get("DATABASE_URL") or postgres_of(self.state).url

    @property
    def redis_url(self) -> str:
        """Address of its Redis."""
        return self._env.get("REDIS_URL") or valkey_of(self.state).url

    @property
    def log(self) -> Path:
        """What the supervisor says; the processes' logs lie beside it."""
        return self.state / "supervisor.log"

    def start(self, *, timeout_s: float = 120.0) -> None:
        """Return when everything is ready."""
        self.launch()
        if not wait_until(
            lambda: self._ready() or self.exit_status is not None, timeout_s=timeout_s
        ):
            self.stop()
            raise EmbeddedError(f"The stack was not ready in {timeout_s:g} s:\n{self._told()}")
        if self.exit_status is not None:
            raise EmbeddedError(f"The stack did not start:\n{self._told()}")

    def launch(self) -> None:
        """Start the supervisor without waiting."""
        self.state.mkdir(parents=True, exist_ok=True)
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        env = {
            **inherited,
            "COUNTERSIGN_STATE": str(self.state),
            "BIND_ADDRESS": "127.0.0.1",
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            **self._env,
        }
        command = [sys.executable, "-m", "embedded.supervisor", *self._arguments]
        self._process = run_in_project(command, log=self.log, env=env)

    @property
    def exit_status(self) -> int | None:
        """The supervisor's exit status, None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def supervisor_pid(self) -> int:
        """Process id of the supervisor itself."""
        if self._process is None:
            raise EmbeddedError("The stack was not started.")
        return self._process.pid

    def status(self) -> Status:
        """All processes as the supervisor sees them."""
        status = read_status(self.state)
        if status is None:
            raise EmbeddedError(f"The stack does not run:\n{self._told()}")
        return status

    def pid(self, name: str) -> int:
        """Process id of `web`, `worker-gate`, `postgres`, `redis`, …"""
        pid = self.status().pids[name]
        if pid is None:
            raise EmbeddedError(f"{name} does not run at the moment.")
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one process, at once; returns the process id that was hit."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def wait_for_new(self, name: str, old_pid: int, *, timeout_s: float = 30.0) -> int:
        """Wait until the supervisor has started `name` again; returns the new process id."""

        def is_new() -> bool:
            return self.status().pids[name] not in (None, old_pid)

        if not wait_until(is_new, timeout_s=timeout_s):
            raise EmbeddedError(f"{name} was not started again:\n{self._told()}")
        return self.pid(name)

    def stop(self) -> None:
        """Stop everything in order."""
        if self._process is not None:
            stop(self._process, (signal.SIGTERM, STOP_TIMEOUT_S))
            self._process = None

    def _ready(self) -> bool:
        status = read_status(self.state)
        return status is not None and status.supervisor_pid == self.supervisor_pid and status.ready

    def _told(self) -> str:
        return tail(self.log, lines=40)
