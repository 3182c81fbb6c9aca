"""Headers of a mail: found by name, cut to a length, read without trust."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from inbox.engine.mail.decoding import header_text, one_line, words_decoded
from inbox.engine.mail.model import Address

_ID: Final = re.compile(r"<([^<>\s]{1,300})>")
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\]{1,253}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")
_LANGUAGE_OF_CHARSET: Final = {
    "iso-2022-jp": "ja", "shift_jis": "ja", "euc-jp": "ja", "gb2312": "zh", "gbk": "zh",
    "gb18030": "zh", "big5": "zh", "euc-kr": "ko", "iso-2022-kr": "ko", "koi8-r": "ru",
    "koi8-u": "uk", "windows-1251": "ru", "iso-8859-7": "el", "windows-1253": "el",
    "iso-8859-8": "he", "windows-1255": "he", "iso-8859-9": "tr", "windows-1254": "tr",
    "tis-620": "th", "windows-874": "th", "windows-1256": "ar",
}  # fmt: skip
Fields = Mapping[str, list[str]]


def fields_of(part: Message, length: int) -> dict[str, list[str]]:
    """Return the fields of a part by name in lower case, each as text of at most ``length``."""
    found: dict[str, list[str]] = {}
    for name, value in part.raw_items():
        key = name.strip().lower()[:80]
        kept = found.setdefault(key, [])
        if len(kept) < 200:
            kept.append(header_text(str(value)[:length]).strip())
    return found


def first(fields: Fields, name: str) -> str:
    """Return the first value of a field, empty where there is none."""
    return next(iter(fields.get(name, ())), "")


def shown(value: str, length: int) -> str:
    """Return a field as it is read by people, in one line."""
    return one_line(words_decoded(value), length)


def ids_in(value: str, count: int) -> tuple[str, ...]:
    """Return the Message-IDs in a field without their brackets, each once; the last of too many."""
    found = tuple(dict.fromkeys(_ID.findall(value)))
    if not found and (bare := value.strip()) and "@" in bare and " " not in bare:
        found = (bare.strip("<>")[:300],)
    return found[-count:]


def addresses_in(values: Iterable[str], count: int) -> tuple[Address, ...]:
    """Return the mailboxes of fields, each address once; groups and what is none are left out."""
    found: dict[str, Address] = {}
    for value in values:
        for name, address in _pairs(value):
            if address not in found and len(found) < count:
                found[address] = Address(address, one_line(words_decoded(name), 200))
    return tuple(found.values())


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([value])
    except (RecursionError, ValueError, IndexError, AttributeError, TypeError):
        pairs = []
    fitting = [(name, clean) for name, raw in pairs if (clean := _address(raw))]
    # What is too broken for the standard still has its addresses.
    return fitting or [("", clean) for one in _ADDRESS.findall(value) if (clean := _address(one))]


def _address(value: str) -> str:
    text = value.strip().strip("<>").lower()
    return text if _ADDRESS.fullmatch(text) and not text.endswith((".", "@")) else ""


def date_in(value: str) -> datetime | None:
    """Return a date with its zone; without one it is read as UTC. None where it is none."""
    try:
        at = parsedate_to_datetime(value[:200])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
    return at if at.year >= 1970 else None


def languages_of(fields: Fields, html: str, charset: str) -> tuple[str, ...]:
    """Return hints at the language, the surest first."""
    named = re.split(r"[,;\s]+", first(fields, "content-language"))
    found = re.search(r"<(?:html|body|div)[^>]{0,300}?\slang\s*=\s*[\"']?([A-Za-z\-]{2,12})",
                      html[:4000], re.IGNORECASE)  # fmt: skip
    hints = [*named, found[1] if found else "", _LANGUAGE_OF_CHARSET.get(charset.lower(), "")]
    fitting = (one.lower() for one in hints if _LANGUAGE.fullmatch(one))
    return tuple(dict.fromkeys(fitting))[:5]
