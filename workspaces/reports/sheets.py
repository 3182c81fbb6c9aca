"""Tables as CSV and XLSX: the filters stand above the rows, and no cell is a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from itertools import chain
from typing import Final

from openpyxl import Workbook

from workspaces.reports.shapes import Cell, Pairs, Table
from workspaces.sheets import harmless

_PART: Final = 1_000
_LONGEST_NAME: Final = 31  # Excel's limit, and it refuses these signs
_REFUSED: Final = re.compile(r"[\[\]:*?/\\]")


def lines_of(table: Table, filters: Pairs) -> list[list[Cell]]:
    """Filters, a blank line, the head, the rows; cells that look like a formula made harmless."""
    lines: list[Sequence[Cell]] = [*filters, (), table.head, *table.rows]
    return [[harmless(cell) for cell in line] for line in lines]


def csv_of(tables: Sequence[Table], filters: Pairs) -> bytes:
    """The first table: a CSV file holds one."""
    target = StringIO()
    csv.writer(target).writerows(lines_of(tables[0], filters))
    return target.getvalue().encode()


def csv_parts(head: Sequence[str], rows: Iterable[Sequence[Cell]], above: Pairs) -> Iterator[bytes]:
    """Lines as ``csv_of`` writes them, a part at a time: for more rows than memory should hold."""
    target = StringIO()
    writer = csv.writer(target)
    for number, line in enumerate(chain(above, [()], [head], rows), 1):
        writer.writerow([harmless(cell) for cell in line])
        if not number % _PART:
            yield _taken(target)
    yield _taken(target)


def _taken(target: StringIO) -> bytes:
    part = target.getvalue().encode()
    target.seek(0)
    target.truncate()
    return part


def xlsx_of(tables: Sequence[Table], filters: Pairs) -> bytes:
    """One sheet for each table; the first one is open."""
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(_REFUSED.sub(" ", table.title)[:_LONGEST_NAME])
        for line in lines_of(table, filters):
            sheet.append(line)
    target = BytesIO()
    book.save(target)
    return target.getvalue()
