"""``manage.py evaluate``: one table of how each model stands."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlops.selectors.evaluation import Line, evaluation_of
from workspaces.models import Workspace

_HEADS = ("model", "version", "criterion", "measure", "found", "best plain model", "met")


class Command(BaseCommand):
    """Show each champion, or else the newest version, beside its baselines."""

    help = "Show each model against its baselines, by our criterion and by the customer's."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and how."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args: object, **options: Any) -> None:
        """Show it."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        lines = evaluation_of(workspace)
        if options["format"] == "json":
            self.stdout.write(json.dumps([asdict(line) for line in lines], indent=2))
            return
        rows = [_HEADS, *map(_cells, lines)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        self.stdout.write("\nOurs:")
        for label, goal in {line.label: line.goal for line in lines if line.by == "ours"}.items():
            self.stdout.write(f"  {label}: {goal}")


def _cells(line: Line) -> tuple[str, ...]:
    version = "none yet" if line.version is None else f"{line.version} ({line.stage.lower()})"
    criterion = line.by if line.by == "ours" else f"{line.by}: {line.goal}"
    found = "–" if line.found is None else f"{line.found:.4f}"
    met = "–" if line.version is None else "yes" if line.is_met else "no"
    return line.label, version, criterion, line.measure, found, line.beside or "–", met
