"""``manage.py import_web_events <workspace> <site> <file.csv>``: a table of events."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TextIO

from django.core.management.base import CommandError, CommandParser

from attribution.engine.web_drafts import Draft, Skipped
from attribution.engine.web_tables import Columns, event_drafts
from attribution.management.web_import import WebImportCommand
from workspaces.models import Workspace


class Command(WebImportCommand):
    """One row an event: who, what, when."""

    help = "Import a CSV of events of a website: user_id, event, timestamp, and more by option."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which column is which, and which events are pages."""
        super().add_arguments(parser)
        for one in fields(Columns):
            parser.add_argument(
                f"--{one.name}-column", default=one.default, metavar="NAME",
                help=f"column of the {one.name}"
                + (f", {one.default} if not given" if one.default else ""),
            )  # fmt: skip
        parser.add_argument(
            "--page", action="append", default=[], metavar="GLOB",
            help="events that are a page seen: 'home', '*_page'; may be given again",
        )  # fmt: skip

    def drafts(
        self, lines: TextIO, base_url: str, workspace: Workspace, options: dict[str, Any]
    ) -> Iterable[Draft | Skipped]:
        """Events of the table's rows."""
        columns = Columns(**{one.name: options[f"{one.name}_column"] for one in fields(Columns)})
        rows = csv.DictReader(lines)
        wanted = {getattr(columns, one.name) for one in fields(Columns)} - {""}
        if missing := sorted(wanted - set(rows.fieldnames or ())):
            raise CommandError(
                f"The file has no column {', '.join(missing)}; it has"
                f" {', '.join(rows.fieldnames or ()) or 'none'}."
            )
        return event_drafts(
            rows, columns=columns, pages=options["page"], base_url=base_url, zone=workspace.zone
        )
