"""``manage.py import_web_sessions <workspace> <site> <file.csv>``: one row a session."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from django.core.management.base import CommandError, CommandParser

from attribution.engine.web_drafts import Draft, Skipped
from attribution.engine.web_tables import KINDS, session_drafts
from attribution.management.web_import import WebImportCommand
from workspaces.models import Workspace

_NEEDED = {*KINDS, *(f"{kind}_Duration" for kind in KINDS), "Month", "Revenue"}


class Command(WebImportCommand):
    """Pages and seconds by kind, a month, and whether it ended in a purchase."""

    help = "Import a CSV of sessions in the columns of UCI's Online Shoppers data."
    has_consent = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The year, which the file does not know."""
        super().add_arguments(parser)
        parser.add_argument("--year", type=int, required=True, help="that the months are of")

    def drafts(
        self, lines: TextIO, base_url: str, workspace: Workspace, options: dict[str, Any]
    ) -> Iterable[Draft | Skipped]:
        """What happened in each session."""
        rows = csv.DictReader(lines)
        if missing := sorted(_NEEDED - set(rows.fieldnames or ())):
            raise CommandError(f"The file has no column {', '.join(missing)}.")
        if not 2000 <= options["year"] <= 2100:
            raise CommandError(f"{options['year']} is no year of a session: 2000 to 2100.")
        return session_drafts(rows, year=options["year"], base_url=base_url, zone=workspace.zone)
