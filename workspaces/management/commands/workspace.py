"""``manage.py workspace close|reopen|export|purge <slug>``: how a workspace ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from workspaces.gate import GateError
from workspaces.models import User, Workspace
from workspaces.services.closing.closing import close_workspace, reopen_workspace
from workspaces.services.closing.exporting import export_workspace
from workspaces.services.closing.purging import left_alone, purge_workspace


class Command(BaseCommand):
    """Each step is a command of its own; the next one says so where the one before is missing."""

    help = "Close a workspace, open it again, export everything of it, or delete what is left."

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command a step."""
        steps = parser.add_subparsers(dest="step", required=True)
        close = steps.add_parser("close", help="nobody enters any more, and nothing runs")
        reopen = steps.add_parser("reopen", help="let people in again")
        export = steps.add_parser("export", help="write everything of it to a ZIP")
        purge = steps.add_parser("purge", help="delete every row and file; there is no way back")
        for step in (close, reopen, export, purge):
            step.add_argument("workspace", help="its slug")
        for step in (close, reopen):
            step.add_argument("--by", required=True, metavar="EMAIL", help="an admin, or superuser")
        close.add_argument("--reason", required=True, help="stands on record")
        export.add_argument("file", type=Path)
        purge.add_argument("--confirm", required=True, metavar="SLUG", help="its slug once more")
        purge.add_argument("--without-export", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the step."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no workspace {options['workspace']!r}; known: {known}.")
        try:
            getattr(self, f"_{options['step']}")(workspace, options)
        except (GateError, OSError) as error:
            raise CommandError(str(error)) from error

    def _close(self, workspace: Workspace, options: dict[str, Any]) -> None:
        close_workspace(
            workspace=workspace, by=_person(options), reason=options["reason"], now=timezone.now()
        )
        self.stdout.write(f"{workspace} is closed. Next: export {workspace.slug} <file.zip>")

    def _reopen(self, workspace: Workspace, options: dict[str, Any]) -> None:
        reopen_workspace(workspace=workspace, by=_person(options), now=timezone.now())
        self.stdout.write(
            f"{workspace} is open. Its kill switch is still pulled, its keys are revoked, and its"
            " connections are paused."
        )

    def _export(self, workspace: Workspace, options: dict[str, Any]) -> None:
        rows = export_workspace(
            workspace=workspace, path=options["file"], now=timezone.now(), told=self.stdout.write
        )
        self.stdout.write(f"{rows:,} rows of {workspace} are in {options['file']}.")

    def _purge(self, workspace: Workspace, options: dict[str, Any]) -> None:
        if options["confirm"] != workspace.slug:
            raise CommandError(f"--confirm must be {workspace.slug}; nothing was deleted.")
        rows = purge_workspace(
            workspace=workspace, now=timezone.now(), told=self.stdout.write,
            without_export=options["without_export"],
        )  # fmt: skip
        self.stdout.write(f"{rows:,} rows of {workspace} were deleted.")
        if alone := left_alone():
            names = ", ".join(person.email for person in alone)
            self.stdout.write(f"These people belong to no workspace any more: {names}.")


def _person(options: dict[str, Any]) -> User:
    person = User.objects.filter(email__iexact=options["by"]).first()
    if person is None:
        raise CommandError(f"There is nobody with the address {options['by']}.")
    return person
