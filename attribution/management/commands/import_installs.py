"""``manage.py import_installs <workspace> --installs FILE --sessions FILE``."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from attribution.engine.app_rows import INSTALL_FIELDS, SESSION_FIELDS
from attribution.services.installs.ingest import MOST, Taken, take_installs, take_sessions
from attribution.services.tracking import TrackingError
from workspaces.models import Workspace


class Command(BaseCommand):
    """Reads CSV files, plain or gzipped, and says what became of them."""

    help = "Import an app's installs and sessions; reading a file again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and which files."""
        parser.add_argument("workspace", help="slug of the workspace")
        columns = f"columns: {', '.join(INSTALL_FIELDS)}"
        parser.add_argument("--installs", type=Path, help=f"CSV, one user a line; {columns}")
        columns = f"columns: {', '.join(SESSION_FIELDS)}"
        parser.add_argument("--sessions", type=Path, help=f"CSV, one session a line; {columns}")

    def handle(self, *args: object, **options: Any) -> None:
        """Installs first: sessions need their users."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        if not options["installs"] and not options["sessions"]:
            raise CommandError("Name a file: --installs, --sessions, or both.")
        for name, take in (("installs", take_installs), ("sessions", take_sessions)):
            if options[name]:
                done = _import(workspace, options[name], name, take, timezone.now())
                self.stdout.write(
                    f"{done.accepted:,} {name} are new, {done.duplicates:,} were there."
                )


def _import(
    workspace: Workspace, path: Path, name: str, take: Callable[..., Taken], now: datetime
) -> Taken:
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    accepted = duplicates = 0
    line = 2  # after the names of the columns
    with _opened(path) as lines:
        for batch in _batches(lines):
            try:
                done = take(workspace=workspace, given=batch, now=now, name="row")
            except TrackingError as error:
                raise CommandError(_with_line(error, line)) from error
            accepted, duplicates = accepted + done.accepted, duplicates + done.duplicates
            line += len(batch)
    return Taken(accepted, duplicates)


def _with_line(error: TrackingError, first: int) -> str:
    """Tell a refusal by the line of the file."""
    place, _, field = error.field.partition("].")
    number = int(place.removeprefix("row["))
    return (
        f"Line {first + number}, {field}: {error} The lines before that batch are imported; correct"
        " the file and import it again."
    )


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        is_gzipped = file.read(2) == b"\x1f\x8b"
    if is_gzipped:
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _batches(lines: TextIO) -> Iterator[list[dict[str, Any]]]:
    rows = csv.DictReader(lines, restkey="more cells than columns")
    while batch := list(islice(rows, MOST)):
        yield batch
