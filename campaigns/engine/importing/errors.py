"""What can be wrong with a file as a whole, and with one of its rows."""

from __future__ import annotations


class FileError(ValueError):
    """The file cannot be read at all; the message says what to do."""


class RowError(ValueError):
    """One row cannot be taken: its column (may be empty) and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
