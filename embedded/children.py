"""One supervised process: its log, its death, its next start."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from embedded.process import kill_group, spawn

FIRST_BACK_OFF_S = 0.5
LONGEST_BACK_OFF_S = 30.0
STEADY_AFTER_S = 30.0
LOG_LIMIT_BYTES = 20_000_000


class Child:
    """A process of the Procfile, started again when it dies."""

    def __init__(
        self, name: str, command: str, *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.log = log
        self.restarts = 0
        self._command = command
        self._env = env
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None
        self._deaths_in_a_row = 0

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self, *, now: float) -> None:
        """Start it, its output appended to its log file."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = spawn(
                # `exec`: the shell fills in variables and is gone; the process id is the program's.
                ["/bin/sh", "-c", f"exec {self._command}"],
                log=log,
                death_signal=signal.SIGTERM,
                cwd=self._cwd,
                env=self._env,
            )
        self._started_at = now
        self._start_again_at = None

    def check(self, *, now: float) -> str | None:
        """Notice a death and start again when its time has come; returns news in words."""
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.restarts += 1
                self.start(now=now)
                return f"{self.name} is started again."
            return None
        if self._process is None or self._process.poll() is None:
            return None
        kill_group(self._process.pid)  # pool processes that lost their parent
        delay_s = self._next_delay_s(now=now)
        self._start_again_at = now + delay_s
        return (
            f"{self.name} stopped {describe_exit(self._process.returncode)}; starting it again in"
            f" {delay_s:g} s (log: {self.log})."
        )

    def _next_delay_s(self, *, now: float) -> float:
        if now - self._started_at >= STEADY_AFTER_S:
            self._deaths_in_a_row = 0
        self._deaths_in_a_row += 1
        return min(FIRST_BACK_OFF_S * 2.0 ** (self._deaths_in_a_row - 1), LONGEST_BACK_OFF_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, if it runs; it is not started again."""
        self._start_again_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def finish(self) -> None:
        """Kill what is left of it."""
        if self._process is not None:
            kill_group(self._process.pid)
            self._process.wait()
            self._process = None


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by signal {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"
