"""The staging table of one import: filled by COPY in blocks, dropped when done."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from campaigns.engine.importing.fields import COUNTS
from campaigns.models import ImportRun

_PREFIX: Final = "import_stage_"
_TYPES: Final = {"line": "bigint", "day": "date", "derived": "boolean", "budget": "numeric"}
BLOCK_ROWS: Final = 20_000


class Stage:
    """Unlogged table of one run. Not temporary: those break behind a transaction pool."""

    def __init__(self, run: ImportRun, columns: Sequence[str], measures: Sequence[str]) -> None:
        self.table = f"{_PREFIX}{run.pk}"
        self.run_id = run.pk
        self.columns, self.measures = tuple(columns), tuple(measures)

        self.has_states = self.has_budgets = False

    def create(self) -> None:
        """Make the table anew."""
        types = _TYPES | dict.fromkeys(self.measures, "numeric")
        types |= {name: "bigint" for name in self.measures if name in COUNTS}
        body = ", ".join(f"{name} {types.get(name, 'text')}" for name in self.columns)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.table}")
            cursor.execute(f"CREATE UNLOGGED TABLE {self.table} ({body})")

    def copy(self, rows: Sequence[Sequence[object]]) -> None:
        """Append rows; empty values are nulls."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        buffer.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f"COPY {self.table} ({', '.join(self.columns)}) FROM STDIN WITH (FORMAT csv)",
                buffer,
            )

    def analyze(self) -> None:
        """Let the planner know the size, or it joins in loops."""
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {self.table}")

    def days(self) -> tuple[date, date] | None:
        """First and last day as the file gives them, None without rows."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT min(day), max(day) FROM {self.table}")  # noqa: S608  # our own name
            first, last = cursor.fetchone() or (None, None)
        return (first, last) if first and last else None

    def drop(self) -> None:
        """Remove the table."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.table}")


def drop_left_stages() -> None:
    """Remove tables whose worker died: those of runs that ended or began more than a day ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            " AND tablename ~ %s",
            [f"^{_PREFIX}[0-9]+$"],
        )
        tables = [name for (name,) in cursor.fetchall()]
        if not tables:
            return
        since = timezone.now() - timedelta(days=1)
        alive = ImportRun.objects.filter(finished_at=None, created_at__gt=since)
        kept = {f"{_PREFIX}{pk}" for pk in alive.values_list("pk", flat=True)}
        for name in set(tables) - kept:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
