"""Rows from and to the database as arrays, by binary COPY: a million of them in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_HEADER, _TRAILER = 19, 2
_END: Final = b"\xff\xff"
#: Microseconds from 1970 to 2000, from which PostgreSQL counts moments.
_EPOCH_US: Final = 946_684_800_000_000
#: What moments that are not there are read as: `coalesce(at, NO_MOMENT)` in SQL.
NO_MOMENT: Final = "'2000-01-01T00:00:00Z'::timestamptz"
_ROWS: Final = 131_072

Table = dict[str, npt.NDArray[Any]]
#: Names of columns → numpy's types: i2, i4, i8; "at" for a moment; "h24" for 24 numbers.
Columns = Mapping[str, str]


def read_table(query: str, given: Mapping[str, Any], columns: Columns) -> Table:
    """Rows of a query whose columns are of fixed width and never empty."""
    target = BytesIO()
    with connection.cursor() as cursor:
        text = cursor.cursor.mogrify(query, given).decode()
        cursor.cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", target)
    row = _row_type(columns)
    rows = np.frombuffer(
        target.getbuffer(), row, offset=_HEADER,
        count=(target.tell() - _HEADER - _TRAILER) // row.itemsize,
    )  # fmt: skip
    return {name: _native(rows[name], kind) for name, kind in columns.items()}


def write_table(table: str, columns: Columns, values: Mapping[str, npt.NDArray[Any]]) -> None:
    """Add rows to a table; moments are ``datetime64[s]``, and none of them is missing."""
    row = _row_type(columns)
    size = len(next(iter(values.values())))
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        for first in range(0, size, _ROWS):
            some = slice(first, min(first + _ROWS, size))
            rows = np.zeros(some.stop - some.start, row)
            rows["count"] = len(columns)
            for name, kind in columns.items():
                rows[f"{name}_length"] = row[name].itemsize
                rows[name] = _foreign(values[name][some], kind)
            source = BytesIO(_SIGNATURE + rows.tobytes() + _END)
            cursor.cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)", source)


def _row_type(columns: Columns) -> np.dtype[np.void]:
    parts: list[tuple[Any, ...]] = [("count", ">i2")]
    for name, kind in columns.items():
        parts.append((f"{name}_length", ">i4"))
        if kind == "h24":
            # Dimensions, flags, type, size and first place; then a length before each number.
            parts.append((name, [("head", ">i4", (5,)), ("body", ">i4", (24, 2))]))
        else:
            parts.append((name, ">i8" if kind == "at" else f">{kind}"))
    return np.dtype(parts)


def _native(column: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    if kind == "h24":
        return column["body"][:, :, 1].astype(np.int32)
    if kind != "at":
        return column.astype(kind)
    found = column.astype(np.int64)
    seconds = ((found + _EPOCH_US) // 1_000_000).astype("datetime64[s]")
    seconds[found == 0] = np.datetime64("NaT", "s")
    return seconds


def _foreign(column: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    if kind != "at":
        return column
    return column.astype("datetime64[s]").astype(np.int64) * 1_000_000 - _EPOCH_US


def last_of(places: npt.NDArray[np.int32], *keys: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Rows that come last for each place by keys, the first key weighing most."""
    if not len(places):
        return np.zeros(0, np.int64)
    order = np.lexsort((*reversed(keys), places))
    ends = np.flatnonzero(np.diff(places[order], append=-1) != 0)
    return order[ends]
