"""``manage.py loadset``: millions of rows in a workspace of their own."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.services.loadset import SLUG, LoadsetError, load


class Command(BaseCommand):
    """Fill the load set; stop it at any time, the next run goes on."""

    help = (
        f"Fill the workspace {SLUG!r} with pending proposals and history (up to 15 GB, half an "
        "hour). It can be stopped and goes on where it ended; to let it run in the background: "
        "manage.py loadset > loadset.log 2>&1 &"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Sizes."""
        parser.add_argument("--proposals", type=int, default=1_000_000)
        parser.add_argument("--history", type=int, default=10_000_000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, with progress."""
        if min(options["proposals"], options["history"]) < 0 or not options["proposals"]:
            raise CommandError("--proposals must be above zero, --history not below it.")
        self._started = time.monotonic()
        try:
            workspace = load(
                proposals=options["proposals"],
                history=options["history"],
                now=timezone.now(),
                tell=self._tell,
            )
        except LoadsetError as error:
            raise CommandError(str(error)) from error
        took_s = time.monotonic() - self._started
        self.stdout.write(self.style.SUCCESS(f"{workspace.name} is full after {took_s:,.0f} s."))

    def _tell(self, what: str, done: int, wanted: int) -> None:
        if done % 100_000 < 10_000 or done == wanted:
            took_s = time.monotonic() - self._started
            self.stdout.write(f"{done:,} of {wanted:,} {what}, {took_s:,.0f} s")
            self.stdout.flush()
