"""``manage.py recount_tests``: count tests anew from their units, and say what differed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from experiments.models import STARTED, ABTest
from experiments.services.counting.recounting import RecountError, recount_test


class Command(BaseCommand):
    """The job ``experiment-recount`` does it every night for tests whose figures may still move."""

    help = "Count A/B tests anew from their units and put right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and whether only to look."""
        parser.add_argument("--test", help="key of a test; all that have started unless given")
        parser.add_argument("--workspace", help="slug of the workspace; all unless given")
        parser.add_argument("--check", action="store_true", help="say what differs, change nothing")

    def handle(
        self, *, test: str | None, workspace: str | None, check: bool, **options: Any
    ) -> None:
        """Count one after the other."""
        rows = ABTest.objects.filter(status__in=STARTED, is_imported=False)
        if workspace:
            rows = rows.filter(workspace__slug=workspace)
        if test:
            rows = rows.filter(key=test)
        if test and not rows.exists():
            raise CommandError(f"There is no test {test!r} that has started.")
        for row in rows.select_related("workspace").order_by("workspace__slug", "key"):
            self.stdout.write(f"{row.key}: {_result(row, check=check)}")


def _result(test: ABTest, *, check: bool) -> str:
    try:
        found = recount_test(test=test, now=timezone.now(), repairs=not check)
    except RecountError as error:
        return str(error)
    if not found.differed:
        return "the sums are those of its units."
    return (
        f"{found.outcomes} outcomes, {found.metric_days} days of metrics and"
        f" {found.exposure_days} days of exposures differ"
        f"{'.' if check else ' and are put right.'}"
    )
