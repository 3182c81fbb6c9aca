"""``manage.py refresh_rollups <workspace> [--whole]``."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from attribution.services.installs.rollups import refresh_rollups
from workspaces.models import Workspace


class Command(BaseCommand):
    """Counts an app's days and cohorts, and says how long it took."""

    help = "Count days and cohorts of an app's users, where installs or sessions came in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and how much."""
        parser.add_argument("workspace", help="slug of the workspace")
        parser.add_argument("--whole", action="store_true", help="count every day anew")

    def handle(self, *args: object, **options: Any) -> None:
        """Count."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        started = time.monotonic()
        done = refresh_rollups(workspace=workspace, now=timezone.now(), is_whole=options["whole"])
        seconds = time.monotonic() - started
        self.stdout.write(f"{done.days:,} days and {done.cohorts:,} cohorts in {seconds:.1f} s.")
