"""``manage.py seed_ads``: fill a workspace as an export of an ad platform would."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from campaigns.services.importing import ImportRefused
from mlops.services.seeding import SeedError, seed_ads
from workspaces.models import Workspace
from workspaces.services.jobs import JobRefusedError


class Command(BaseCommand):
    """Draw campaigns with 30 days, import them, run the jobs."""

    help = "Fill a workspace with drawn campaigns and days, and let the jobs run over them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, and how much."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--campaigns", type=int, default=50)
        parser.add_argument("--seed", type=int, default=42)

    def handle(self, *args: object, **options: Any) -> None:
        """Fill it, and say what came of it."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        if not 1 <= options["campaigns"] <= 10_000:
            raise CommandError("--campaigns must be between 1 and 10,000.")
        try:
            made = seed_ads(
                workspace=workspace, campaigns=options["campaigns"], seed=options["seed"],
                now=timezone.now(),
            )  # fmt: skip
        except (SeedError, ImportRefused, JobRefusedError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.campaigns:,} campaigns with {made.days:,} days.")
        for run in made.runs:
            counts = ", ".join(f"{name} {value}" for name, value in run.counts.items())
            self.stdout.write(f"  {run.name}: {run.get_state_display().lower()}. {counts}")
