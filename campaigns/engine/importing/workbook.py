"""Rows of the first sheet of an XLSX file, streamed, without trusting the file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import BinaryIO, Final
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from campaigns.engine.importing.errors import FileError, RowError

_MAX_ROWS: Final = 1_048_576
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def is_workbook(start: bytes) -> bool:
    """Whether a file begins as a ZIP archive, which an XLSX file is."""
    return start.startswith(b"PK\x03\x04")


def workbook_rows(
    file: BinaryIO, *, max_bytes: int, max_columns: int
) -> Iterator[tuple[int, list[str] | RowError]]:
    """Row number and cells, as text, of the first sheet.

    Raises
    ------
    FileError : damaged, locked with a password, or larger than ``max_bytes`` unpacked
    """
    _refuse_bomb(file, max_bytes)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise FileError("The workbook has no sheet with rows.")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the stated size may be a lie in either direction
        for line, row in enumerate(
            sheet.iter_rows(max_col=max_columns + 1, values_only=True), start=1
        ):
            if line > _MAX_ROWS:
                raise FileError("The sheet names more rows than an Excel sheet can have.")
            yield line, [_text(value) for value in row]
    except FileError:
        raise
    except _BROKEN as error:
        raise FileError(
            "The Excel file is damaged or locked with a password; save it again as .xlsx or CSV."
        ) from error


def _refuse_bomb(file: BinaryIO, max_bytes: int) -> None:
    """Judge the unpacked size before anything is unpacked.

    The archive's own figures are enough: Python stops reading a member at the size it states.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            names = set(archive.namelist())
    except _BROKEN as error:
        raise FileError("The ZIP or Excel file is damaged; export it again.") from error
    if size > max_bytes:
        raise FileError(
            f"The Excel file unpacks to {size // 2**20:,} MB, more than the"
            f" {max_bytes // 2**20:,} MB that are read; split it, or raise IMPORT_MAX_BYTES."
        )
    if "[Content_Types].xml" not in names:
        raise FileError("This ZIP file is not an Excel file; unpack it and import what is inside.")
    file.seek(0)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
