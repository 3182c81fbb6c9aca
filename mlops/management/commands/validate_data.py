"""``manage.py validate_data``: do a workspace's users, sessions and days make sense?"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.services.world.findings import FAILED, PASSED, SKIPPED
from mlops.services.world.validating import validate
from workspaces.models import Workspace

_MARKS = {PASSED: "✓", FAILED: "✗", SKIPPED: "–"}  # as the tables write it


class Command(BaseCommand):
    """Print every check; the exit code is 1 where one failed."""

    help = "Validate users, sessions and days of a workspace, synthetic or imported."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")

    def handle(self, *args: object, **options: Any) -> None:
        """Look at everything."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        verdicts: Counter[str] = Counter()
        for finding in validate(workspace=workspace, now=timezone.now()):
            verdicts[finding.verdict] += 1
            self.stdout.write(f"{_MARKS[finding.verdict]} {finding.check}: {finding.detail}")
        told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in _MARKS)
        if verdicts[FAILED]:
            raise CommandError(f"{told}. The data do not hold together.", returncode=1)
        self.stdout.write(f"{told}.")
