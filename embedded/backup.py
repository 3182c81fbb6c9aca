"""A backup of everything that is kept: `python -m embedded.backup save|restore FILE`.

The database goes to FILE, attachments and uploads of MEDIA_ROOT to FILE.files.tar beside it. The
database comes first: a file that a row of it names is then there, and one more does no harm.
"""

from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from embedded.client import PROJECT, run_program
from embedded.state import EmbeddedError, given


def save(dump: Path) -> str:
    """Write both; each appears under its name only once it is whole."""
    draft = dump.with_name(f"{dump.name}.unfinished")
    if run_program("pg_dump", "--format=custom", f"--file={draft}"):
        raise EmbeddedError("The database was not saved; pg_dump says why above.")
    archive, folder = archive_of(dump), media_root()
    part = archive.with_name(f"{archive.name}.unfinished")
    with tarfile.open(part, "w") as tar:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        kept = sum(_add(tar, path, folder) for path in files)
    # The older files go first: a new dump never stands beside files of an earlier day.
    archive.unlink(missing_ok=True)
    draft.replace(dump)
    part.replace(archive)
    return f"Saved the database to {dump} and {kept} files to {archive}."


def _add(tar: tarfile.TarFile, path: Path, folder: Path) -> bool:
    try:
        tar.add(path, arcname=str(path.relative_to(folder)), recursive=False)
    except FileNotFoundError:  # cleared meanwhile, so no row names it any more
        return False
    return True


def restore(dump: Path) -> str:
    """Put the database back, all or nothing, then the files; others that are there stay."""
    archive, folder = archive_of(dump), media_root()
    if not dump.is_file():
        raise EmbeddedError(f"There is no backup {dump}.")
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction"]
    if run_program("pg_restore", *options, str(dump)):
        raise EmbeddedError("Nothing was put back; pg_restore says why above.")
    if not archive.is_file():
        return f"Put the database back. There is no {archive}: attachments were not put back."
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            names = tar.getnames()
            tar.extractall(folder, filter="data")  # nothing outside of the folder, no device
    except tarfile.TarError as error:
        raise EmbeddedError(f"The database is back, but not all of {archive}: {error}") from error
    return f"Put the database and {len(names)} files back."


def archive_of(dump: Path) -> Path:
    """Where the files of a backup lie."""
    return dump.with_name(f"{dump.name}.files.tar")


def media_root() -> Path:
    """Where attachments and uploads lie, as the settings read it."""
    return Path(given(os.environ, "MEDIA_ROOT") or PROJECT / "var" / "media")


_COMMANDS: dict[str, Callable[[Path], str]] = {"save": save, "restore": restore}


def main(arguments: list[str]) -> str:
    """Run one of the two commands; what it did, in words."""
    match arguments:
        case [("save" | "restore") as name, file]:
            return _COMMANDS[name](Path(file))
    raise EmbeddedError("Use: python -m embedded.backup save|restore FILE")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{main(sys.argv[1:])}\n")
    except EmbeddedError as error:
        sys.exit(str(error))
