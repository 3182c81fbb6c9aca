"""Files as rows of text: CSV in any usual encoding and delimiter, and XLSX, streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

from campaigns.engine.importing.errors import FileError, RowError
from campaigns.engine.importing.fields import known_headers, normalise
from campaigns.engine.importing.text import TextFacts, inspect
from campaigns.engine.importing.workbook import is_workbook, workbook_rows

MAX_COLUMNS: Final = 500
_PREAMBLE_ROWS: Final = 30
_DELIMITERS: Final = (",", ";", "\t", "|")
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"

Record = tuple[int, list[str] | RowError]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose header row is known; ``records`` starts again with every call."""

    headers: tuple[str, ...]
    header_line: int
    line_count: int | None
    _source: Callable[[], Iterator[Record]] = field(repr=False)
    delimiter: str = ""
    encoding: str = ""

    def records(self) -> Iterator[Record]:
        """Line number and cells of every row below the headers; unreadable rows are errors."""
        width = len(self.headers)
        for line, cells in self._source():
            if line <= self.header_line:
                continue
            if isinstance(cells, RowError):
                yield line, cells
            elif any(cells) and (fitted := _fit(cells, width)) is not None:
                yield line, fitted

    def sample(self, size: int = 1000) -> list[list[str]]:
        """Cells of the first readable rows of full width."""
        width = len(self.headers)
        rows = (cells for _, cells in self.records() if not isinstance(cells, RowError))
        return list(islice((cells for cells in rows if len(cells) == width), size))


def _fit(cells: list[str], width: int) -> list[str] | RowError:
    if len(cells) == width:
        return cells
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    return RowError("", f"the row has {len(cells)} fields, the header has {width}")


def open_table(file: BinaryIO, *, max_bytes: int) -> Table:
    """Find encoding, delimiter and header row of a CSV or XLSX file.

    Parameters
    ----------
    file : seekable; stays open and is read anew by every ``records()``
    max_bytes : largest size that is read, unpacked

    Raises
    ------
    FileError : empty, too large, not a table, or an encoding that cannot be told
    """
    file.seek(0)
    start = file.read(4)
    if not start:
        raise FileError("The file is empty.")
    if start == _OLD_EXCEL:
        raise FileError("This is an Excel file of the old kind (.xls); save it as .xlsx or CSV.")
    if is_workbook(start):
        return _open_workbook(file, max_bytes)
    return _open_text(file, inspect(file, max_bytes=max_bytes))


def _open_workbook(file: BinaryIO, max_bytes: int) -> Table:
    def read(columns: int) -> Iterator[Record]:
        return workbook_rows(file, max_bytes=max_bytes, max_columns=columns)

    # Rows come padded to the width that is asked for, so the header row is stripped.
    first = [(line, _stripped(cells)) for line, cells in islice(read(MAX_COLUMNS), _PREAMBLE_ROWS)]
    line, headers = _find_headers(first)
    return Table(headers, line, None, lambda: read(len(headers)))


def _stripped(cells: list[str] | RowError) -> list[str] | RowError:
    if isinstance(cells, RowError):
        return cells
    used = [position for position, cell in enumerate(cells, start=1) if cell]
    return cells[: used[-1]] if used else []


def _open_text(file: BinaryIO, facts: TextFacts) -> Table:
    delimiter = _sniff_delimiter(facts.head)

    def source() -> Iterator[Record]:
        """Read the file from its beginning, as often as asked."""
        file.seek(0)
        text = io.TextIOWrapper(file, encoding=facts.encoding, errors=facts.errors, newline="")
        try:
            yield from _csv_records(text, delimiter, check=facts.has_bad_text)
        finally:
            text.detach()  # or the wrapper would close the file

    line, headers = _find_headers(list(islice(source(), _PREAMBLE_ROWS)))
    return Table(headers, line, facts.line_count, source, delimiter, facts.encoding)


def _csv_records(text: Iterable[str], delimiter: str, *, check: bool) -> Iterator[Record]:
    reader = csv.reader(text, delimiter=delimiter)
    line = 1
    while True:
        try:
            for cells in reader:
                yield (line, _checked(cells) if check else cells)
                line = reader.line_num + 1
        except csv.Error as error:
            yield line, RowError("", _csv_reason(error))
            line = reader.line_num + 1
            continue
        return


def _csv_reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        limit = csv.field_size_limit()
        return f"a field is longer than {limit:,} characters; is a quotation mark not closed?"
    return f"the row is not CSV: {error}"


def _checked(cells: list[str]) -> list[str] | RowError:
    for position, cell in enumerate(cells):
        if "\0" in cell:
            return RowError(f"field {position + 1}", "the field has a NUL byte in it")
        if any("\ud800" <= sign <= "\udfff" for sign in cell):
            return RowError(
                f"field {position + 1}", "the field has bytes in it that are not UTF-8 text"
            )
    return cells


def _sniff_delimiter(head: str) -> str:
    lines = head.splitlines()[:60]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        return lines[0][4]

    def score(delimiter: str) -> tuple[int, int]:
        rows = _parse_lines(lines, delimiter)
        widths = [len(row) for row in rows if len(row) > 1]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
        return max((known_headers(row) for row in rows), default=0), widths.count(usual) * usual

    return max(_DELIMITERS, key=score)


def _parse_lines(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _find_headers(first: Sequence[Record]) -> tuple[int, tuple[str, ...]]:
    rows = [(line, cells) for line, cells in first if isinstance(cells, list) and any(cells)]
    if not rows:
        raise FileError("The file has no rows that can be read.")
    line, cells = max(rows, key=lambda row: (known_headers(row[1]), -row[0]))
    if known_headers(cells) < 2:
        # Nothing is known: a foreign file, whose headers are the first row of full width.
        width = max(len([cell for cell in row if cell]) for _, row in rows)
        line, cells = next(row for row in rows if len([c for c in row[1] if c]) == width)
    if len(cells) < 2:
        raise FileError("The file has one column only; is it a CSV or XLSX table?")
    if len(cells) > MAX_COLUMNS:
        raise FileError(f"The file has more than {MAX_COLUMNS} columns.")
    return line, tuple(_unique(cells))


def _unique(cells: Iterable[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for position, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\0", " ").replace("\ufeff", "").split())[:200]
        name = name or f"column {position}"
        key = normalise(name) or name
        seen[key] = seen.get(key, 0) + 1
        yield name if seen[key] == 1 else f"{name} ({seen[key]})"
