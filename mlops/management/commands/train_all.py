"""``manage.py train_all``: train models, each judged against plain ones, here or from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.engine.learning.shapes import Trained
from mlops.models import ModelVersion
from mlops.services.registry.files import write_trained
from mlops.services.training import FROM_FILES, TRAINERS, TrainingError, learn, train_model
from mlops.services.training.files import BadDataError, FromFiles
from workspaces.models import Workspace


class Command(BaseCommand):
    """Train, and show each beside its baselines."""

    help = (
        "Train models from a workspace's own rows, each becomes a challenger; or, without a"
        " database, from files of export_training_data into files for import_model."
    )
    # From files it runs where no database answers.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, or from where to where; and which."""
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--workspace", help="slug of the workspace")
        where.add_argument("--from", dest="source", type=Path, help="folder of exported data")
        parser.add_argument("--to", type=Path, help="folder of trained models, with --from")
        parser.add_argument(
            "--model", action="append", choices=sorted(TRAINERS), help="else all of them"
        )
        parser.add_argument("--seed", type=int, default=42)

    def handle(self, *args: object, **options: Any) -> None:
        """Train one after the other; what one lacks does not keep the others."""
        is_elsewhere = options["source"] is not None
        train = self._from_files(options) if is_elsewhere else self._from_rows(options)
        refused = []
        for name in options["model"] or sorted(FROM_FILES if is_elsewhere else TRAINERS):
            self.stdout.write(f"{name}:")
            try:
                train(name)
            except (TrainingError, BadDataError) as error:
                refused.append(name)
                self._tell(str(error))
        if refused:
            raise CommandError(f"Not trained: {', '.join(refused)}; the reasons stand above.")

    def _from_rows(self, options: dict[str, Any]) -> Callable[[str], None]:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']!r}.")
        if options["to"] is not None:
            raise CommandError("--to goes with --from; models of a workspace are kept in it.")

        def train(name: str) -> None:
            version = train_model(
                workspace=workspace, name=name, now=timezone.now(), told=self._tell,
                seed=options["seed"],
            )  # fmt: skip
            self._table(str(version), version)

        return train

    def _from_files(self, options: dict[str, Any]) -> Callable[[str], None]:
        if options["to"] is None:
            raise CommandError("Name with --to the folder that the trained models go to.")
        source, folder = FromFiles(options["source"]), options["to"]
        folder.mkdir(parents=True, exist_ok=True)

        def train(name: str) -> None:
            learnt = learn(name, source, seed=options["seed"], told=self._tell)
            content = write_trained(
                trained=learnt.trained, data=learnt.data, workspace=source.workspace
            )
            path = folder / f"{name}.model.zip"
            path.write_bytes(content)
            self._table(name, learnt.trained)
            self._tell(f"{path} ({len(content):,} bytes); take it home with import_model")

        return train

    def _tell(self, text: str) -> None:
        self.stdout.write(f"  {text}")

    def _table(self, label: str, found: ModelVersion | Trained) -> None:
        names = list(found.metrics)
        lines = {label: found.metrics, **found.baselines}
        width = max(len(line) for line in lines)
        columns = [max(len(name), 10) + 2 for name in names]
        heads = "".join(f"{name:>{at}}" for name, at in zip(names, columns, strict=True))
        self._tell(" " * width + heads)
        for line, figures in lines.items():
            told = (
                f"{figures[name]:>{at}.4f}" if name in figures else " " * at
                for name, at in zip(names, columns, strict=True)
            )
            self._tell(f"{line:<{width}}{''.join(told)}")
