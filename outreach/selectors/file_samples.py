"""The first values of an upload's columns, so that people see what they map."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Final

from django.conf import settings

from campaigns.engine.importing.errors import FileError
from campaigns.engine.importing.tables import open_table
from campaigns.engine.importing.workbook import is_workbook
from outreach.models import ContactImport

_HEAD_BYTES: Final = 65_536
_ROWS: Final = 20
_VALUES: Final = 2


def samples_of(run: ContactImport) -> list[str]:
    """Two values of each column in words, in the file's order; none where it cannot be read."""
    try:
        with run.file.open("rb") as kept:
            table = open_table(_head(kept.read), max_bytes=settings.IMPORT_MAX_BYTES)
            rows = table.sample(_ROWS)
    except (FileError, OSError):
        return ["" for _ in run.headers]
    if list(table.headers) != run.headers:
        return ["" for _ in run.headers]
    return [
        ", ".join(list(dict.fromkeys(row[place][:40] for row in rows if row[place]))[:_VALUES])
        for place in range(len(run.headers))
    ]


def _head(read: Callable[[int], bytes]) -> BinaryIO:
    """Whole rows of its beginning; all of a workbook, which says where they are at its end."""
    start = read(_HEAD_BYTES)
    if is_workbook(start[:4]):
        return io.BytesIO(start + read(-1))
    whole, newline, _ = start.rpartition(b"\n")
    return io.BytesIO(start if len(start) < _HEAD_BYTES or not newline else whole + newline)
