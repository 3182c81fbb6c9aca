"""``manage.py export_model``: write a version of a model as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlops.models import ModelVersion
from mlops.selectors.registry import champion_of
from mlops.services.registry.files import export_version
from workspaces.gate import GateError
from workspaces.models import Workspace


class Command(BaseCommand):
    """Write it, and say where."""

    help = "Write a version of a model, the champion unless another is named, as one file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, whose, where."""
        parser.add_argument("name", help="such as churn")
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--version-number", type=int, help="else the champion")
        parser.add_argument("--to", type=Path, help="the file; else NAME-VERSION.model.zip here")

    def handle(self, *args: object, **options: Any) -> None:
        """Find it and write it."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        name, number = options["name"], options["version_number"]
        if number is None:
            version = champion_of(workspace=workspace, name=name)
        else:
            rows = ModelVersion.objects.filter(workspace=workspace, name=name, version=number)
            version = rows.first()
        if version is None:
            found = f"version {number}" if number is not None else "champion"
            raise CommandError(f"{workspace.slug} has no {found} of {name!r}.")
        try:
            content = export_version(version=version)
        except GateError as error:
            raise CommandError(str(error)) from error
        path = options["to"] or Path(f"{version.name}-{version.version}.model.zip")
        path.write_bytes(content)
        self.stdout.write(f"{version} of {workspace.slug} is in {path} ({len(content):,} bytes).")
