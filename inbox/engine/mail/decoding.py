"""Bytes to text: character sets as they are really used, and the encoded words of headers."""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from typing import Final

#: Codecs of Python that are no character sets, or take quadratic time.
_REFUSED: Final = frozenset(
    {"punycode", "idna", "unicode-escape", "unicode_escape", "raw-unicode-escape",
     "raw_unicode_escape", "undefined", "mbcs", "oem"}
)  # fmt: skip
#: What browsers read where a mail names the narrower set (WHATWG Encoding Standard).
_WIDER: Final = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis_620": "cp874",
    "iso8859-11": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
    "euc_kr": "cp949", "big5": "cp950",
}  # fmt: skip
_ALIASES: Final = {
    "x-sjis": "cp932", "x-gbk": "gb18030", "utf8mb4": "utf-8", "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac_roman", "x-macroman": "mac_roman", "iso-8859-8-i": "iso-8859-8",
    "x-unknown": "", "unknown-8bit": "", "default": "", "binary": "",
}  # fmt: skip
#: Bytes beyond ASCII of these hardly ever look like UTF-8.
_SINGLE: Final = ("iso8859", "cp125", "koi8", "mac", "tis")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,40}")
_META: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{2,40})", re.IGNORECASE)
_WORD: Final = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,20})?\?([BbQq])\?([^?\r\n]*)\?=")
_FOLD: Final = re.compile(r"[\r\n]+[ \t]*")
#: Nothing to see, and no way to show them in a line: C0, C1, bidirectional overrides, surrogates.
_UNSHOWN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def codec_of(charset: str) -> str:
    """Return Python's name of a character set, empty where there is none that may be used."""
    found = _NAME.search(charset)
    if found is None:
        return ""
    name = _ALIASES.get(found[0].lower(), found[0])
    if not name:
        return ""
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    is_text = getattr(known, "_is_text_encoding", True)
    return known.name if is_text and known.name not in _REFUSED else ""


def decoded(raw: bytes, charset: str) -> str:
    """Read bytes by the set that is named, or by what they can be instead.

    UTF-8 is told by its form, so bytes of it are read so even where a set of single bytes is
    named; what fits nothing is read as Windows-1252.
    """
    codec = codec_of(charset)
    is_single = codec in ("", "ascii", "utf-8") or codec.startswith(_SINGLE)
    for one in ("utf-8", codec) if is_single else (codec, "utf-8"):
        if not one:
            continue
        try:
            return cleaned(raw.decode(_WIDER.get(one, one)))
        except (UnicodeError, ValueError):
            continue
    if codec == "utf-8":
        text = raw.decode("utf-8", "replace")
        if text.count("\ufffd") * 20 <= len(text):  # a few bytes are broken, not the set
            return cleaned(text)
        codec = ""
    return cleaned(raw.decode(_WIDER.get(codec, codec) or "cp1252", "replace"))


def charset_in(html: bytes) -> str:
    """Return the set that an HTML document names itself."""
    found = _META.search(html[:2048])
    return found[1].decode("ascii") if found else ""


def cleaned(text: str) -> str:
    """Take out what no page and no database holds; lines end in one way."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _SURROGATES.sub("\ufffd", text).removeprefix("\ufeff")


def one_line(text: str, length: int) -> str:
    """Make a text of one line that shows what it says."""
    return " ".join(_UNSHOWN.sub("", cleaned(text)).split())[:length]


def header_text(value: str) -> str:
    """Read a header that came as ASCII with escaped bytes; encoded words stay."""
    unfolded = _FOLD.sub(" ", value)
    try:
        raw = unfolded.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return cleaned(unfolded)
    return decoded(raw, "utf-8")


def words_decoded(text: str) -> str:
    """Decode the encoded words of a header (RFC 2047), also those cut within a character."""
    parts: list[str] = []
    held, charset, place = b"", "", 0
    for found in _WORD.finditer(text):
        between = text[place : found.start()]
        raw = _word_bytes(found[2], found[3])
        follows = bool(held) and not between.strip()
        if follows and found[1].lower() == charset:
            held += raw
        else:
            parts.append(decoded(held, charset) if held else "")
            parts.append("" if follows else between)
            held, charset = raw, found[1].lower()
        place = found.end()
    if held:
        parts.append(decoded(held, charset))
    return "".join(parts) + text[place:]


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "Qq":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw
