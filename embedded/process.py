"""Child processes that never outlive us, and how to stop them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

POLL_S = 0.01
PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec only a plain C call is safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes] | int,
    death_signal: signal.Signals,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C does not reach it.

    On Linux it gets `death_signal` when this process dies, even by kill -9. Call it from the main
    thread: the kernel takes the end of the calling *thread* for the death of the parent.
    """
    return subprocess.Popen(  # noqa: S603  # our own binaries and Procfile, no shell
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
        preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509  # one C call, made for this
    )


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end and keep what it says."""
    return subprocess.run(  # noqa: S603  # our own binaries, no shell
        list(command), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    libc = _LIBC
    if libc is None:
        return None

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the kernel knew whom to watch

    return in_child


def stop(
    process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float], group: bool = False
) -> int:
    """Send each signal in turn and give it that many seconds; then kill. Returns the exit status.

    With `group` the signals still go to the process alone, but what it leaves behind in its session
    is killed.
    """
    for signal_number, patience_s in steps:
        if process.poll() is not None:
            break
        process.send_signal(signal_number)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    if group:
        kill_group(process.pid)
    elif process.poll() is None:
        process.kill()
    return process.wait()


def kill_group(leader: int) -> None:
    """Kill whatever is left in the session that `leader` opened."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody left; macOS says EPERM when only zombies are left.
        return


def wait_until(ready: Callable[[], bool], *, timeout_s: float) -> bool:
    """Poll until `ready`, at most `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie whose parent never asked does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return sys.platform != "linux"
    return state.rpartition(")")[2].split()[0] not in ("Z", "X")


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log file, for a message."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
