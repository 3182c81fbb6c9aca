"""Many rows of a model at once by COPY: keys are drawn before, so nothing has to come back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


def next_keys(model: type[Model], count: int) -> list[int]:
    """Draw keys from the sequence of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass))"
            " FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows; none of their values is null, and triggers and constraints hold as ever.

    The database knows no default of Django: ``columns`` names all but those that may be null.
    """
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    if not buffer.tell():
        return
    buffer.seek(0)
    names = ", ".join(columns)
    # A plain copy would raise errors of the driver, not Django's.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {model._meta.db_table} ({names}) FROM STDIN"
            f" WITH (FORMAT csv, FORCE_NOT_NULL ({names}))",
            buffer,
        )


@contextmanager
def keys_checked_at_once() -> Iterator[None]:
    """Check foreign keys after each statement, not at the end; parents have to come first.

    Triggers of pgtrigger and pghistory catch an error for each row, and PostgreSQL then walks all
    checks that wait for the end of the transaction: rows times rows, unless nothing waits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
