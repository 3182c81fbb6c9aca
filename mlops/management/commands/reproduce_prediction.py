"""``manage.py reproduce_prediction``: make a served prediction again, to the last bit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlops.services.reproducing import Reproduced, reproduce
from workspaces.gate import GateError


class Command(BaseCommand):
    """Make it again, and say whether it is the same."""

    help = "Make a served prediction again from its stored features, artefact and code."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which."""
        parser.add_argument("id", type=UUID, help="prediction_id of the answer: of all its rows")

    def handle(self, *args: object, **options: Any) -> None:
        """Show each row; differing bits are an error."""
        try:
            found = reproduce(batch=options["id"], now=timezone.now())
        except GateError as error:
            raise CommandError(str(error)) from error
        for one in found:
            self.stdout.write(_line(one))
        if differing := [one for one in found if not one.is_same]:
            raise CommandError(f"{len(differing)} of {len(found)} differ.{_why(differing)}")
        self.stdout.write(f"{len(found)} the same to the last bit.")


def _line(one: Reproduced) -> str:
    figures = ", ".join(repr(figure) for figure in one.output)
    row = one.row
    whom = f" of {row.subject}" if row.subject else ""
    verdict = "as then" if one.is_same else f"then {', '.join(map(repr, row.output))}"
    return f"{row.version} ({row.role}), row {row.position}{whom}: {figures} ({verdict})"


def _why(differing: list[Reproduced]) -> str:
    if all(one.is_of_this_code for one in differing):
        return " The code is that of then, so this machine counts in another way."
    codes = ", ".join(sorted({one.row.code_version for one in differing}))
    return f" They were made by other code: {codes}."
