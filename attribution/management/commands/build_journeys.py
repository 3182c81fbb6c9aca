"""``manage.py build_journeys <workspace>``: all journeys of a workspace anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from attribution.services.journeys import build_journeys
from workspaces.models import Workspace


class Command(BaseCommand):
    """Regular runs build those of people of whom something changed."""

    help = "Build all journeys of a workspace anew from its touches and conversions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("workspace", help="slug of the workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build, and say what there is now."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no workspace {options['workspace']!r}; known: {known}.")
        built = build_journeys(workspace=workspace, now=timezone.now())
        self.stdout.write(
            f"{built.converted} journeys with a conversion, {built.unconverted} without;"
            f" {built.new_touches} touches were new."
        )
