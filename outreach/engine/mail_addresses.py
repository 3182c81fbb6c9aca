"""Addresses that stand in a mail as it came."""

from __future__ import annotations

import re
from typing import Final

_MOST: Final = 1_000
_BEFORE, _AFTER = 64, 253
_NAME: Final = re.compile(rb"[^\s@<>()\[\],;:\"'\\]+\Z")
_HOST: Final = re.compile(rb"[^\s@<>()\[\],;:\"'\\]+")


def addresses_in(raw: bytes) -> list[str]:
    """Addresses in a mail, whoever they are of: what finds it again where its bytes are packed.

    Parameters
    ----------
    raw : the mail as it came; what is packed itself, such as a body in base64, is not looked into

    Returns
    -------
    in small letters and in order, each once; the first 1,000 of too many
    """
    found: set[str] = set()
    place = raw.find(b"@")
    while place >= 0 and len(found) < _MOST:
        name = _NAME.search(raw[max(place - _BEFORE, 0) : place])
        host = _HOST.match(raw[place + 1 : place + 1 + _AFTER])
        if name and host:
            found.add(f"{_text(name[0])}@{_text(host[0]).rstrip('.')}")
        place = raw.find(b"@", place + 1)
    return sorted(found)


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace").lower()
