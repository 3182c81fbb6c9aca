"""What a text file is made of: one pass over its bytes before it is parsed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from campaigns.engine.importing.errors import FileError

MAX_LINE: Final = 1_000_000
_CHUNK: Final = 1 << 20
_HEAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How to decode a file; ``has_bad_text`` asks to look for NUL and undecodable bytes."""

    encoding: str
    errors: str
    line_count: int
    has_bad_text: bool
    head: str


def inspect(file: BinaryIO, *, max_bytes: int) -> TextFacts:
    """Tell the encoding and count the lines of a text file in bounded memory.

    Parameters
    ----------
    file : seekable
    max_bytes : largest size that is read

    Raises
    ------
    FileError : too large, no text, or a line of more than a million characters
    """
    file.seek(0)
    start = file.read(_HEAD)
    for encoding in _candidates(start):
        try:
            return _scan(file, encoding, "strict", max_bytes)
        except UnicodeError:
            continue
    raise FileError("The encoding of the file is broken; save it as UTF-8.")


def _candidates(start: bytes) -> list[str]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    # ASCII in UTF-16 without its mark: every other byte is NUL.
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
        if len(start) > 3 and zeros.count(0) > 0.7 * len(zeros):
            return [encoding]
    if start.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(start):
        return ["utf-8-sig", "utf-8-sig+broken"]
    return ["utf-8-sig", "cp1252", "latin-1"]


def _is_mostly_utf8(start: bytes) -> bool:
    """Whether the text has valid UTF-8 beyond ASCII, and more of it than of broken bytes."""
    text = start.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(sign > "\x7f" for sign in text) - broken > broken


def _scan(file: BinaryIO, encoding: str, errors: str, max_bytes: int) -> TextFacts:
    is_broken = encoding.endswith("+broken")
    if is_broken:
        encoding, errors = encoding.removesuffix("+broken"), "surrogateescape"
    lines, open_line, has_nul, head = 0, 0, False, ""
    for text in _decoded(file, encoding, errors, max_bytes):
        head = head or text[:_HEAD]
        has_nul = has_nul or "\0" in text
        breaks = text.count("\n") or text.count("\r")
        last = max(text.rfind("\n"), text.rfind("\r"))
        open_line = open_line + len(text) if last < 0 else len(text) - last - 1
        lines += breaks
        if open_line > MAX_LINE:
            raise FileError(f"Line {lines + 1} is longer than a million characters; is it a table?")
    return TextFacts(encoding, errors, lines + 1, has_nul or is_broken, head)


def _decoded(file: BinaryIO, encoding: str, errors: str, max_bytes: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    file.seek(0)
    size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise FileError(
                f"The file is larger than {max_bytes // 2**20:,} MB; split it, or raise"
                " IMPORT_MAX_BYTES."
            )
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
