"""``manage.py import_performance FILE --workspace SLUG``: performance files from the shell."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from campaigns.engine.importing.errors import FileError
from campaigns.engine.importing.guessing import Guess, describe
from campaigns.engine.importing.mapping import Mapping
from campaigns.engine.importing.names import Names, read_names
from campaigns.engine.importing.tables import Table, open_table
from campaigns.models import ImportRun, Platform
from campaigns.services.importing import (
    ImportOptions,
    ImportRefused,
    import_performance,
    mapping_for,
)
from workspaces.models import Workspace


class Command(BaseCommand):
    """Import a CSV or XLSX file of daily figures."""

    help = "Import daily performance from a CSV or XLSX file of any ad platform."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the operator's answers."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument(
            "--mapping",
            action="append",
            default=[],
            metavar="FILE.json|FIELD=COLUMN",
            help="where the guess is wrong; also day_order=, decimal_sign=, roi_kind=, rates_in=",
        )
        parser.add_argument("--names", action="append", default=[], type=Path, metavar="FILE")
        parser.add_argument("--platform", default="", choices=["", *Platform.values])
        for name in ("account", "account-name", "currency", "time-zone", "data-source"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--summing-level", default="", choices=["", "campaign", "ad_set", "ad"])
        for name, text in (
            ("shift-to-yesterday", "move all days by whole weeks so that the last is yesterday"),
            ("all-or-nothing", "take nothing when a row is bad"),
            ("conversions-unusable", "let no model read this account's conversions"),
            ("dry-run", "do everything, then take it back"),
        ):
            parser.add_argument(f"--{name}", action="store_true", help=text)

    def handle(self, *args: object, **options: Any) -> None:
        """Print the mapping, import, print what came of it."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        with ExitStack() as stack:
            try:
                file = stack.enter_context(options["file"].open("rb"))
                names = _names([stack.enter_context(p.open("rb")) for p in options["names"]])
                table = open_table(file, max_bytes=settings.IMPORT_MAX_BYTES)
                guess = _edited(mapping_for(workspace=workspace, table=table), table, options)
                self._print_guess(guess, table)
                self._import(workspace, file, guess.mapping, _answers(options, names), options)
            except OSError as error:
                raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
            except (FileError, ImportRefused) as error:
                raise CommandError(str(error)) from error

    def _import(
        self,
        workspace: Workspace,
        file: BinaryIO,
        mapping: Mapping,
        answers: ImportOptions,
        options: dict[str, Any],
    ) -> None:
        is_trial = options["dry_run"]
        with ExitStack() as stack:
            if is_trial:
                stack.enter_context(transaction.atomic())
            run = import_performance(
                workspace=workspace,
                file=file,
                file_name=options["file"].name,
                mapping=mapping,
                options=answers,
                by=None,
                now=timezone.now(),
            )
            self._print_run(run)
            if is_trial:
                transaction.set_rollback(True)
                self.stdout.write("Dry run: all of this was taken back.")

    def _print_guess(self, guess: Guess, table: Table) -> None:
        self.stdout.write(f"Platform: {Platform(guess.mapping.platform).label}")
        for field, column in guess.mapping.columns.items():
            self.stdout.write(f"  {field:<16} <- {column}")
        for title, columns in (
            ("Summed over", guess.breakdowns),
            ("Known, not needed", guess.unused),
            ("Not known", guess.unknown),
        ):
            if columns:
                self.stdout.write(f"{title}: {', '.join(columns)}")
        for problem in guess.problems:
            self.stderr.write(problem)

    def _print_run(self, run: ImportRun) -> None:
        totals = run.totals
        self.stdout.write(
            f"{run.rows_read:,} rows read, {run.rows_bad:,} left out; {run.days_written:,} days"
            f" written, {run.days_unchanged:,} there already;"
            f" {totals['first_day']} to {totals['last_day']}."
        )
        if totals.get("shift_days"):
            self.stdout.write(f"Days were moved by {totals['shift_days'] // 7} weeks.")
        for currency, levels in totals["by_currency"].items():
            for level, sums in levels.items():
                figures = ", ".join(f"{name} {value}" for name, value in sums.items())
                self.stdout.write(f"  {level} in {currency}: {figures}")
        for note in totals["notes"]:
            self.stdout.write(note)
        for row in run.bad_rows.order_by("pk")[:20]:
            column = f", column {row.column}" if row.column else ""
            self.stderr.write(f"line {row.line}{column}: {row.reason}")
        if run.rows_bad > 20:
            self.stderr.write(f"… and {run.rows_bad - 20:,} more.")


def _names(files: Sequence[BinaryIO]) -> Names:
    return read_names([open_table(file, max_bytes=settings.IMPORT_MAX_BYTES) for file in files])


def _edited(guess: Guess, table: Table, options: dict[str, Any]) -> Guess:
    mapping = guess.mapping
    for entry in options["mapping"]:
        try:
            if "=" in entry:
                mapping = mapping.with_entry(*entry.split("=", 1))
            else:
                mapping = Mapping.from_json(json.loads(Path(entry).read_text("utf-8")))
        except ValueError as error:
            raise CommandError(f"--mapping {entry}: {error}") from error
    return describe(mapping, table.headers)


def _answers(options: dict[str, Any], names: Names) -> ImportOptions:
    return ImportOptions(
        platform=options["platform"],
        account_id=options["account"],
        account_name=options["account_name"],
        currency=options["currency"],
        time_zone=options["time_zone"],
        shift_to_yesterday=options["shift_to_yesterday"],
        on_bad_rows="all_or_nothing" if options["all_or_nothing"] else "leave_out",
        summing_level=options["summing_level"],
        conversions_usable=False if options["conversions_unusable"] else None,
        data_source=options["data_source"],
        names=names,
    )
