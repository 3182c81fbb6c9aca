"""Names of worker processes, and whether the process behind a name still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

# In /proc/<pid>/stat, counted after the command's closing bracket.
_START_FIELD = 19


def worker_name() -> str:
    """Name of this process, as attempts record it: host, process id, start."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(name: str) -> bool:
    """Whether a worker of this host is dead; nothing is said of other hosts or systems."""
    host, _, process = name.partition(":")
    pid, _, started = process.partition(":")
    if host != socket.gethostname() or not pid.isdigit() or not started:
        return False
    # A process id is given out again; the moment of its start is not.
    return _started(int(pid)) != started


def has_let_go(name: str) -> bool:
    """Whether a worker does nothing more with what it holds; asked at the start of a task.

    It is dead, or it is this process: that has one task at a time, so what it holds is of a task
    that failed, as when the database went away under it.
    """
    return is_gone(name) or name == worker_name()


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return "gone" if Path("/proc/self/stat").exists() else ""
    return stat.rpartition(")")[2].split()[_START_FIELD]
