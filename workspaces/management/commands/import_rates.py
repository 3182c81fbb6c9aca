"""``manage.py import_rates <workspace> <file.csv>``: exchange rates of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workspaces.models import Workspace
from workspaces.services.exchange import COLUMNS, import_rates
from workspaces.services.refusals import RefusedError


class Command(BaseCommand):
    """All lines or none; bad lines are named."""

    help = f"Import exchange rates from a CSV file with the columns {', '.join(COLUMNS)}."

    def add_arguments(self, parser: CommandParser) -> None:
        """Workspace and file."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file and write the rates."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no workspace {options['workspace']!r}; known: {known}.")
        try:
            report = import_rates(workspace=workspace, content=options["file"].read_bytes())
        except (RefusedError, OSError) as error:
            raise CommandError(str(error)) from error
        if report.errors:
            raise CommandError("\n".join([*report.errors, "Nothing was written."]))
        self.stdout.write(f"{report.written} rates written for {workspace}.")
