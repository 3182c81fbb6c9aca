"""``manage.py export_training_data``: write what models learn from as Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.services.training.files import write_training_data
from mlops.services.training.sources import FromWorkspace
from workspaces.models import Workspace


class Command(BaseCommand):
    """Write them, and say how many rows."""

    help = "Write what models learn from as Parquet files, without ids or names of anybody."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, where."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--to", type=Path, required=True, help="folder; made where missing")

    def handle(self, *args: object, **options: Any) -> None:
        """Write them."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        now = timezone.now()
        source = FromWorkspace(workspace, now)
        try:
            rows = write_training_data(
                source=source, folder=options["to"], workspace=workspace.slug, now=now
            )
        except OSError as error:
            raise CommandError(f"The folder cannot be written: {error}.") from error
        for name, count in rows.items():
            self.stdout.write(f"{options['to'] / name}: {count:,} rows")
        self.stdout.write(f"Train there: manage.py train_all --from {options['to']} --to FOLDER")
