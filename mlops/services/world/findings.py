"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from mlops.models import SyntheticWorld
from workspaces.models import Workspace

PASSED, FAILED, SKIPPED = "passed", "failed", "not judged"
#: A test of a distribution speaks against it below this chance …
LEAST_CHANCE: Final = 0.001


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its verdict, and what it saw."""

    check: str
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is validated: a workspace, with its world where it has one."""

    workspace: Workspace
    world: SyntheticWorld | None
    now: datetime
    last: date

    def rows(self, query: str, **given: Any) -> list[tuple[Any, ...]]:
        """Answer of a query, which may name ``%(workspace)s`` and ``%(last)s``."""
        with connection.cursor() as cursor:
            cursor.execute(query, {"workspace": self.workspace.pk, "last": self.last, **given})
            return list(cursor.fetchall())

    def number(self, query: str, **given: Any) -> int:
        """The one number that a query answers with."""
        return int(self.rows(query, **given)[0][0] or 0)


def judged(check: str, *, is_good: bool, detail: str) -> Finding:
    """A finding of a check that could be made."""
    return Finding(check, PASSED if is_good else FAILED, detail)


def skipped(check: str, why: str) -> Finding:
    """A finding of a check that could not be made."""
    return Finding(check, SKIPPED, why)
