"""``manage.py doctor``: looks at the installation and says what to do."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from workspaces.services.health import Check
from workspaces.services.installation import all_checks


class Command(BaseCommand):
    """Checks of the whole installation; exit status 1 when something must be done.

    A warning is worth a look and fails nothing.
    """

    help = "Check the installation and say what to do."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """For programs that read the answer."""
        parser.add_argument("--json", action="store_true", help="Write one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check and print one line each."""
        checks = all_checks()
        failed = sum(check.level == "fail" for check in checks)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(checks), indent=1))
        else:
            for check in checks:
                self.stdout.write(f"{self._mark(check)} {check.name:15} {check.words}")
        if failed:
            raise CommandError(f"{failed} of {len(checks)} checks need attention.")
        if not options["json"]:
            self.stdout.write(
                f"All {len(checks)} checks passed at {timezone.now():%Y-%m-%d %H:%M %Z}"
                f"{_warnings(checks)}."
            )

    def _mark(self, check: Check) -> str:
        style = {"ok": self.style.SUCCESS, "warn": self.style.WARNING, "fail": self.style.ERROR}
        text = check.level if check.level != "fail" else "FAIL"
        return style[check.level](f"{text:4}")


def _warnings(checks: list[Check]) -> str:
    warned = sum(check.level == "warn" for check in checks)
    return f", {warned} of them with a warning" if warned else ""


def _as_json(checks: list[Check]) -> dict[str, Any]:
    levels = [check.level for check in checks]
    return {
        "status": next((level for level in ("fail", "warn") if level in levels), "ok"),
        "checks": [
            {"name": check.name, "level": check.level, "words": check.words} for check in checks
        ],
    }
