"""A private Redis-compatible server behind a Unix socket."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from embedded.process import spawn, stop, tail, wait_until
from embedded.providers import find_redis
from embedded.state import EmbeddedError, make_private
from embedded.urls import socket_redis_url

START_TIMEOUT_S = 30.0
DURABLE = {"appendonly": "yes"}
# The test server's data are thrown away; one logical database per test worker.
FORGETFUL = {"appendonly": "no", "databases": "128"}


class Valkey:
    """Starts and stops one server; `url` is known before it runs."""

    name = "redis"

    def __init__(
        self, data: Path, *, run: Path, log: Path, settings: Mapping[str, str] = DURABLE
    ) -> None:
        self.socket = run / "redis.sock"
        self.url = socket_redis_url(self.socket)
        self.log = log
        self._data = data
        self._run = run
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Return when it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the server process without waiting."""
        make_private(self._run)
        self._data.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            **self._settings,
        }
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        with self.log.open("ab") as log:
            self._process = spawn(
                [str(find_redis()), *options], log=log, death_signal=signal.SIGTERM, cwd=self._data
            )

    def wait(self) -> None:
        """Wait until it answers."""
        if not wait_until(self._answers_or_died, timeout_s=START_TIMEOUT_S) or self.pid is None:
            self.stop()
            raise EmbeddedError(f"Redis did not start. {self.log} ends with:\n{tail(self.log)}")

    def answers(self) -> bool:
        """Whether it answers PING; while it loads its data it does not."""
        return answers_ping(self.socket)

    def stop(self) -> None:
        """Let it write its log to disk and go."""
        if self._process is not None:
            stop(self._process, (signal.SIGTERM, 20.0))
            self._process = None

    def _answers_or_died(self) -> bool:
        return self.pid is None or self.answers()

    def _end_orphan(self) -> None:
        """Stop a server that outlived its parent: two would write into one append-only file."""
        if not self.answers():
            return
        _ask(self.socket, "SHUTDOWN")
        if not wait_until(lambda: not self.answers(), timeout_s=20.0):
            raise EmbeddedError(
                f"An earlier Redis still answers at {self.socket} and does not stop. End it with"
                " `redis-cli SHUTDOWN` or `kill`, and start again."
            )


def answers_ping(path: Path) -> bool:
    """Whether a Redis behind the socket answers PONG."""
    return _ask(path, "PING").startswith(b"+PONG")


def _ask(path: Path, command: str) -> bytes:
    """The answer to one command without arguments; nothing when nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5.0)
        try:
            connection.connect(str(path))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(64)
        except OSError:
            return b""
