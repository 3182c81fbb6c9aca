"""``manage.py train_all``: train models from a workspace's rows, each judged against plain ones."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.models import ModelVersion
from mlops.services.training import TRAINERS, TrainingError, train_model
from workspaces.models import Workspace


class Command(BaseCommand):
    """Train, and show each beside its baselines."""

    help = "Train models from a workspace's own rows; each becomes a challenger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and which."""
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument(
            "--model", action="append", choices=sorted(TRAINERS), help="else all of them"
        )
        parser.add_argument("--seed", type=int, default=42)

    def handle(self, *args: object, **options: Any) -> None:
        """Train one after the other; what one lacks does not keep the others."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        refused = []
        for name in options["model"] or sorted(TRAINERS):
            self.stdout.write(f"{name}:")
            try:
                version = train_model(
                    workspace=workspace, name=name, now=timezone.now(), told=self._tell,
                    seed=options["seed"],
                )  # fmt: skip
            except TrainingError as error:
                refused.append(name)
                self._tell(str(error))
                continue
            self._table(version)
        if refused:
            raise CommandError(f"Not trained: {', '.join(refused)}; the reasons stand above.")

    def _tell(self, text: str) -> None:
        self.stdout.write(f"  {text}")

    def _table(self, version: ModelVersion) -> None:
        names = list(version.metrics)
        lines = {f"{version.name} {version.version}": version.metrics, **version.baselines}
        width = max(len(line) for line in lines)
        self._tell(" " * width + "".join(f"{name:>14}" for name in names))
        for line, found in lines.items():
            figures = "".join(f"{found[name]:>14.4f}" for name in names)
            self._tell(f"{line:<{width}}{figures}")
