"""``manage.py import_model``: add the version of a model that a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.services.registry.files import import_version
from workspaces.gate import GateError
from workspaces.models import Workspace


class Command(BaseCommand):
    """Check it, add it as challenger, and say what comes next."""

    help = "Add the version of a model in a file that export_model wrote; it is a challenger."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, whose."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True, help="slug of the workspace")

    def handle(self, *args: object, **options: Any) -> None:
        """Add it."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        try:
            content = options["file"].read_bytes()
            version = import_version(workspace=workspace, content=content, now=timezone.now())
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}.") from error
        except GateError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{version} is a challenger in {workspace.slug}. {version.verdict}")
        if version.is_better:
            self.stdout.write("Propose on /models/ that it serves.")
