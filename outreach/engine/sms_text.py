"""How many segments a text message takes, what it costs, and how long texts are cut."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Encoding = Literal["gsm7", "ucs2"]

# 3GPP TS 23.038, table 6.2.1, without the escape; extension table: two septets each.
GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
SINGLE: Final[dict[Encoding, int]] = {"gsm7": 160, "ucs2": 70}
JOINED: Final[dict[Encoding, int]] = {"gsm7": 153, "ucs2": 67}
MAX_TEXT: Final = 20_000

# What word processors write, and the letters that say the same in the small alphabet.
_PLAINER: Final = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
    "\u00ab": '"', "\u00bb": '"', "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2010": "-",
    "\u2011": "-", "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "",
    "\u2022": "*", "\u00b4": "'", "`": "'", "\u00d7": "x", "\t": " ", "\ufeff": "",
}  # fmt: skip
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True)
class SmsSize:
    """What a message takes.

    Attributes
    ----------
    encoding : 'gsm7' while every character is in that alphabet, else 'ucs2'
    units : septets, or 16-bit units
    segments : parts that are billed; 0 for an empty text
    left : units until another segment begins
    costly : characters that force 'ucs2', each once, in their order
    broken_links : addresses that two segments share; a phone that joins them late shows half
    """

    encoding: Encoding
    units: int
    segments: int
    left: int
    costly: tuple[str, ...]
    broken_links: tuple[str, ...]


def sms_size(text: str) -> SmsSize:
    """Count the segments of a text message.

    An extended character, and one outside the basic plane in UCS-2, is never cut in two, so the
    last unit of a segment may stay empty.

    Parameters
    ----------
    text : as it is sent, at most 20,000 characters

    Returns
    -------
    SmsSize

    Raises
    ------
    ValueError : the text is longer

    References
    ----------
    3GPP TS 23.038 section 6.2; TS 23.040 section 9.2.3.24.1 (six bytes of header when joined).
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"text: {len(text):,} characters, at most {MAX_TEXT:,}")
    costly = tuple(dict.fromkeys(c for c in text if c not in GSM_BASIC and c not in GSM_EXTENDED))
    encoding: Encoding = "ucs2" if costly else "gsm7"
    sizes = [_units(char, encoding) for char in text]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return SmsSize(encoding, units, int(bool(text)), SINGLE[encoding] - units, costly, ())
    places, used = _places(sizes, JOINED[encoding])
    broken = tuple(
        found[0]
        for found in _LINK.finditer(text)
        if places[found.start()] != places[found.end() - 1]
    )
    return SmsSize(encoding, units, places[-1] + 1, JOINED[encoding] - used, costly, broken)


def _units(char: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return 2 if char in GSM_EXTENDED else 1
    return 2 if ord(char) > 0xFFFF else 1


def _places(sizes: list[int], room: int) -> tuple[list[int], int]:
    """Segment of each character, and the units used of the last one."""
    places: list[int] = []
    segment = used = 0
    for size in sizes:
        if used + size > room:
            segment, used = segment + 1, 0
        used += size
        places.append(segment)
    return places, used


def sms_cost(text: str, price: Decimal) -> Decimal:
    """Cost of a message at a price a segment."""
    return sms_size(text).segments * price


def plainer(text: str) -> str:
    """Typographic marks written in the small alphabet: `’` as `'`, `…` as `...`; nothing else.

    Letters stay: 'ş' is no 's'. Addresses stay as they are.
    """
    parts: list[str] = []
    at = 0
    for found in _LINK.finditer(text):
        parts += [_plainer(text[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*parts, _plainer(text[at:])])


def _plainer(text: str) -> str:
    return "".join(_PLAINER.get(char, char) for char in text)


def split_text(text: str, limit: int) -> list[str]:
    """Cut a text into messages at paragraphs, sentences, or words; an address stays whole.

    Parameters
    ----------
    text : to be cut
    limit : characters a message holds, at least 1: 1,000 on Instagram, 2,000 on Facebook

    Returns
    -------
    messages in order, none empty; a word longer than `limit` is cut where it must be, an address
    longer than that is refused

    Raises
    ------
    ValueError : `limit` below 1, or an address does not fit into a message
    """
    if limit < 1:
        raise ValueError(f"limit: {limit}, must be 1 or more")
    rest, parts = text.strip(), []
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    link = next(
        (f for f in _LINK.finditer(text[: limit + MAX_TEXT]) if f.start() <= limit < f.end()), None
    )
    if link and link.start() == 0:
        raise ValueError(f"text: the address {link[0][:60]} is longer than {limit} characters")
    end = link.start() if link else limit
    head = text[: end + 1] if not link else text[:end]
    half = limit // 2
    for mark in ("\n\n", "\n", ". ", "! ", "? "):
        place = head.rfind(mark)
        if place >= half:
            return place + len(mark.rstrip(" "))
    place = max(head.rfind(" "), head.rfind("\n"), head.rfind("\t"))
    return place if place > 0 else end
