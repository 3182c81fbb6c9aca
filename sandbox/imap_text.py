"""IMAP as it is written: words of commands, sets of mails, answers to FETCH."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\(|\)|[A-Za-z0-9.]+\[[^\]]*\](?:<[\d.]+>)?|[^\s()"]+')
_SECTION = re.compile(r"BODY(\.PEEK)?\[([A-Z]*)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass
class Mail:
    """One mail of a mailbox."""

    uid: int
    at: datetime
    size: int
    is_seen: bool


@dataclass
class Selection:
    """The mailbox that a session works on, as it knows it."""

    mails: list[Mail]
    is_writable: bool

    def chosen(self, text: str, *, is_uid: bool) -> list[tuple[int, Mail]]:
        """Return the mails of a set with their places.

        Raises
        ------
        ValueError : this is no set
        """
        last = (self.mails[-1].uid if is_uid else len(self.mails)) if self.mails else 0
        ranges = [_range(part, last) for part in text.split(",")]
        return [
            (place, mail)
            for place, mail in enumerate(self.mails, start=1)
            if any(low <= (mail.uid if is_uid else place) <= high for low, high in ranges)
        ]

    def search(self, keys: list[str], *, is_uid: bool) -> list[int]:
        """Return UIDs or places of the mails that all keys fit.

        Raises
        ------
        ValueError : a key that is not known here
        """
        found = list(enumerate(self.mails, start=1))
        words = iter([key for key in keys if key not in ("(", ")")])
        for word in words:
            fits = self._test(word.upper(), words)
            found = [(place, mail) for place, mail in found if fits(place, mail)]
        return [mail.uid if is_uid else place for place, mail in found]

    def _test(self, word: str, words: Iterator[str]) -> Callable[[int, Mail], bool]:
        if word == "CHARSET":
            next(words)
            return lambda place, mail: True
        if word == "ALL":
            return lambda place, mail: True
        if word in ("SEEN", "UNSEEN"):
            return lambda place, mail: mail.is_seen == (word == "SEEN")
        if word in ("SINCE", "BEFORE"):
            day = _day(next(words))
            return lambda place, mail: (mail.at.date() >= day) == (word == "SINCE")
        is_uid = word == "UID"
        chosen = {
            mail.uid for _, mail in self.chosen(next(words) if is_uid else word, is_uid=is_uid)
        }
        return lambda place, mail: mail.uid in chosen


def words_of(parts: list[bytes]) -> list[str]:
    """Take a command apart; every second part is a literal and one word."""
    words: list[str] = []
    for number, part in enumerate(parts):
        text = part.decode("utf-8", "replace")
        if number % 2:
            words.append(text)
            continue
        for found in _WORD.finditer(text):
            quoted = found[1]
            words.append(found[0] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
    return words


def fetched(
    mail: Mail, items: list[str], read: Callable[[int], bytes], *, is_uid: bool
) -> tuple[bytes, bool]:
    """Write what was asked for of a mail; and whether that marks it as read.

    Raises
    ------
    ValueError : an item that is not known here
    """
    wanted = [one for one in items if one not in ("(", ")")]
    if is_uid and "UID" not in [one.upper() for one in wanted]:
        wanted.insert(0, "UID")
    parts: list[bytes] = []
    marks = False
    for item in wanted:
        section = _SECTION.fullmatch(item)
        if section:
            parts.append(_literal(section, read(mail.uid)))
            marks = marks or not section[1]
        else:
            parts.append(_plain(mail, item.upper()))
    return b" ".join(parts), marks


def _plain(mail: Mail, item: str) -> bytes:
    if item == "UID":
        return f"UID {mail.uid}".encode()
    if item == "FLAGS":
        return b"FLAGS (\\Seen)" if mail.is_seen else b"FLAGS ()"
    if item == "RFC822.SIZE":
        return f"RFC822.SIZE {mail.size}".encode()
    if item == "INTERNALDATE":
        month = _MONTHS[mail.at.month - 1]
        return f'INTERNALDATE "{mail.at:%d}-{month}-{mail.at:%Y %H:%M:%S} +0000"'.encode()
    raise ValueError(item)


def _literal(section: re.Match[str], raw: bytes) -> bytes:
    name = section[2].upper()
    head, mark, text = raw.partition(b"\r\n\r\n")
    content = {"": raw, "HEADER": head + mark, "TEXT": text}[name] if name in _NAMES else None
    if content is None:
        raise ValueError(name)
    start = ""
    if section[3]:
        first, length = int(section[3]), int(section[4])
        content, start = content[first : first + length], f"<{first}>"
    return f"BODY[{name}]{start} {{{len(content)}}}\r\n".encode() + content


_NAMES = ("", "HEADER", "TEXT")


def _range(part: str, last: int) -> tuple[int, int]:
    low, colon, high = part.partition(":")
    first = last if low == "*" else int(low)
    second = (last if high == "*" else int(high)) if colon else first
    return min(first, second), max(first, second)


def _day(text: str) -> date:
    day, month, year = text.split("-")
    return datetime(int(year), _MONTHS.index(month.title()) + 1, int(day), tzinfo=UTC).date()
