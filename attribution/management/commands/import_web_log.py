"""``manage.py import_web_log <workspace> <site> <file>``: page views of an access log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from django.core.management.base import CommandParser

from attribution.engine.web_drafts import Draft, Skipped
from attribution.engine.web_logs import log_drafts
from attribution.management.web_import import WebImportCommand
from workspaces.models import Workspace


class Command(WebImportCommand):
    """Machines, assets and failures are left out and counted; people are known for one day."""

    help = "Import an access log (Apache combined format) as page views of a website."
    has_consent = False

    def add_arguments(self, parser: CommandParser) -> None:
        """What else is no page."""
        super().add_arguments(parser)
        parser.add_argument(
            "--skip", action="append", default=[], metavar="GLOB",
            help="targets that are no pages: '*flav=rss*'; may be given again",
        )  # fmt: skip

    def drafts(
        self, lines: TextIO, base_url: str, workspace: Workspace, options: dict[str, Any]
    ) -> Iterable[Draft | Skipped]:
        """Page views of the log's lines."""
        return log_drafts(lines, base_url=base_url, skipped=options["skip"])
