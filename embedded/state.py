"""The state directory: where it is, who holds it, where its sockets fit."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

# sun_path has 108 bytes with the closing NUL (104 on macOS).
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"


class EmbeddedError(RuntimeError):
    """The embedded servers cannot do what was asked; the message says what to do."""


class StateBusyError(EmbeddedError):
    """Another process holds the state directory."""


def state_directory(environ: Mapping[str, str], *, project: Path) -> Path:
    """COUNTERSIGN_STATE, or `var` in the project."""
    return Path(environ.get("COUNTERSIGN_STATE") or project / "var").expanduser().absolute()


def given(environ: Mapping[str, str], name: str) -> str | None:
    """A variable's value, or that of the file which NAME_FILE points to (container secrets)."""
    file_name = environ.get(f"{name}_FILE")
    if file_name:
        return Path(file_name).read_text(encoding="utf-8").strip()
    return environ.get(name) or None


def make_private(directory: Path) -> Path:
    """Create a directory that only we may enter, and refuse one that belongs to somebody else."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise EmbeddedError(
            f"{directory} belongs to another user. Remove it, or set COUNTERSIGN_STATE to a"
            " directory with a shorter path of your own."
        )
    directory.chmod(0o700)
    return directory


def run_directory(state: Path) -> Path:
    """Where the sockets lie: `run` in the state directory, else a short path made from its name."""
    inside = state / "run"
    if _fits(inside):
        return inside
    digest = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    name = f"countersign-{os.geteuid()}-{digest}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108  # the last resort; owner and mode are checked by make_private
        if base and Path(base).is_dir() and _fits(Path(base) / name):
            return Path(base) / name
    raise EmbeddedError(
        f"No directory with a path short enough for a socket was found for {state}."
        " Set XDG_RUNTIME_DIR or TMPDIR to a short path."
    )


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT


class StateLock:
    """An flock on the state directory; the kernel frees it whatever becomes of the holder."""

    def __init__(self, state: Path) -> None:
        self._path = state / "lock"
        self._users_path = state / "users"
        self._file: IO[str] | None = None

    def acquire(self, *, purpose: str) -> bool:
        """Hold the directory, or return False when another process does."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        json.dump({"pid": os.getpid(), "purpose": purpose, "since": since}, file)
        file.flush()
        self._file = file
        return True

    def acquire_or_refuse(self, *, purpose: str) -> None:
        """Hold the directory, or say who does."""
        if not self.acquire(purpose=purpose):
            raise StateBusyError(
                f"The state directory {self._path.parent} is in use by {self.holder()}."
                " Stop that first, or choose another directory with COUNTERSIGN_STATE."
            )

    def release(self) -> None:
        """Let others hold the directory."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> str:
        """Who holds it, in words."""
        try:
            note = json.loads(self._path.read_text(encoding="utf-8"))
            return f"process {note['pid']} ({note['purpose']}, since {note['since']})"
        except (OSError, ValueError, KeyError):
            # Between taking the lock and writing the note there is nothing to read yet.
            return "another process that has just started"

    def join_users(self) -> IO[str]:
        """Tell the holder that we use its servers, until the returned file is closed."""
        file = self._users_path.open("a", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def wait_for_users(self, *, message: str) -> None:
        """Wait until no attached process uses the servers any more."""
        with self._users_path.open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.stderr.write(message + "\n")
                fcntl.flock(file, fcntl.LOCK_EX)
