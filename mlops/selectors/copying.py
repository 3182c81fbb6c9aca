"""Many rows out of the database as columns, by one COPY and in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, Final

import numpy.typing as npt
from django.db import connection

#: As far as one file of rows is kept in memory.
_IN_MEMORY: Final = 64 * 2**20


def copied(
    query: str, given: Mapping[str, Any] | tuple[Any, ...], types: Mapping[str, str]
) -> tuple[dict[str, npt.NDArray[Any]], str]:
    """Columns of a query by name, and the checksum of its rows.

    Parameters
    ----------
    query, given : SQL with its parameters
    types : Arrow's name for the type of each column; what has none is guessed
    """
    import pyarrow.csv as csv

    with SpooledTemporaryFile(max_size=_IN_MEMORY) as target:
        with connection.cursor() as cursor:
            text = cursor.cursor.mogrify(query, given).decode()
            cursor.cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT csv, HEADER)", target)
        digest = _digest(target)
        target.seek(0)
        table = csv.read_csv(
            target,
            # People's own texts may span lines.
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=dict(types)),
        )
    return {name: table.column(name).to_numpy() for name in table.column_names}, digest


def _digest(target: SpooledTemporaryFile[bytes]) -> str:
    target.seek(0)
    found = hashlib.sha256()
    while block := target.read(2**20):
        found.update(block)
    return found.hexdigest()
