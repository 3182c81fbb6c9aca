"""Arrays into tables by COPY: as text where values may be empty, else as the server keeps them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

BytesArray = NDArray[np.bytes_]
_EPOCH_S: Final = 946_684_800  # 2000-01-01, where PostgreSQL counts from
_MICROS: Final = 1_000_000
EPOCH_DAY: Final = _EPOCH_S // 86_400
# Before and after the rows of a binary copy; what is handed over at once.
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_BLOCK: Final = 1 << 20


def copy_text(table: str, columns: Mapping[str, Any]) -> int:
    """Copy Arrow arrays, or what makes them; nulls stay nulls, empty texts empty texts."""
    import pyarrow as pa
    from pyarrow import csv

    rows = pa.table(dict(columns))
    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False))
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)", buffer
        )
    return int(rows.num_rows)


def packed(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.void]:
    """Rows as they go over the wire: a count of fields and, for each, its length and its bytes.

    Columns are arrays of fixed width, made by the functions below, without empty values.
    """
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, values in columns.items():
        fields += [(_length(name), ">i4"), (name, values.dtype)]
    rows = np.empty(len(next(iter(columns.values()))), fields)
    rows["fields"] = len(columns)
    for name, values in columns.items():
        rows[_length(name)] = values.dtype.itemsize
        rows[name] = values
    return rows


def copy_packed(table: str, rows: NDArray[np.void], *, is_new: bool = False) -> int:
    """Copy packed rows; ``is_new``: this transaction made the table, and nobody else sees it."""
    names = (rows.dtype.names or ())[2::2]
    options = "FORMAT binary, FREEZE" if is_new else "FORMAT binary"
    body = io.BytesIO(b"".join((_HEAD, rows.view(np.uint8).data, _TAIL)))
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({', '.join(names)}) FROM STDIN WITH ({options})", body, size=_BLOCK
        )
    return len(rows)


def _length(name: str) -> str:
    return f"length of {name}"


def integers(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Values of a smallint, integer or bigint column."""
    return np.asarray(values, f">i{bits // 8}")


def moments(seconds: NDArray[np.int64]) -> NDArray[Any]:
    """Seconds since 1970 for a timestamptz."""
    return np.asarray((seconds - _EPOCH_S) * _MICROS, ">i8")


def days(since_1970: NDArray[np.int64]) -> NDArray[Any]:
    """Days since 1970 for a date."""
    return np.asarray(since_1970 - EPOCH_DAY, ">i4")


def digits(values: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Decimal digits with leading zeros, (rows, width) characters."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def joined(*parts: NDArray[np.uint8] | bytes) -> BytesArray:
    """Texts of one length put together from characters and constants."""
    count = next(len(part) for part in parts if isinstance(part, np.ndarray))
    blocks = [
        np.broadcast_to(np.frombuffer(part, np.uint8), (count, len(part)))
        if isinstance(part, bytes)
        else part
        for part in parts
    ]
    characters = np.ascontiguousarray(np.concatenate(blocks, axis=1))
    texts: BytesArray = characters.view(f"S{characters.shape[1]}")[:, 0]
    return texts


def documents(texts: list[str], chosen: NDArray[np.int64]) -> BytesArray:
    """JSON documents by number for a jsonb; spaces bring them to one length."""
    longest = max(map(len, texts))
    return np.array([b"\x01" + text.ljust(longest).encode() for text in texts])[chosen]


_AMOUNT: Final = np.dtype([("head", ">i2", (4,)), ("digits", ">i2", (3,))])


def amounts(cents: NDArray[np.int64]) -> NDArray[Any]:
    """Cents below ten billion for a numeric: three digits to the base of ten thousand."""
    rows = np.zeros(len(cents), _AMOUNT)
    whole = cents // 100
    rows["head"] = (3, 1, 0, 2)  # digits, weight of the first, sign, places shown
    rows["digits"][:, 0] = whole // 10_000
    rows["digits"][:, 1] = whole % 10_000
    rows["digits"][:, 2] = cents % 100 * 100
    return rows
