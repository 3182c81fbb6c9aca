"""``manage.py import_ab_tests <workspace> FILE``: tests that were run elsewhere, as figures."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from experiments.engine.import_columns import COLUMNS
from experiments.services.importing import ImportFileError, import_tests
from workspaces.models import Workspace


class Command(BaseCommand):
    """Reads a CSV file, plain or gzipped: all of it or nothing."""

    help = "Import A/B tests that were run elsewhere; reading a file again adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and which file."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument("file", type=Path, help=f"CSV; columns: {', '.join(COLUMNS)}")
        parser.add_argument(
            "--started-on",
            type=date.fromisoformat,
            default=date(2020, 1, 6),
            help="first day of tests whose days are numbers; 2020-01-06 unless given",
        )

    def handle(self, *args: object, **options: Any) -> None:
        """Read it, and say what is new."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        with _opened(options["file"]) as lines:
            rows = csv.DictReader(lines)
            unknown = set(rows.fieldnames or ()) - set(COLUMNS)
            if unknown:
                raise CommandError(f"Columns that are not known: {', '.join(sorted(unknown))}.")
            try:
                done = import_tests(
                    workspace=workspace,
                    rows=rows,
                    started_on=options["started_on"],
                    now=timezone.now(),
                )
            except ImportFileError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{done.tests:,} tests are new, {done.known:,} were there.")


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        is_gzipped = file.read(2) == b"\x1f\x8b"
    if is_gzipped:
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")
