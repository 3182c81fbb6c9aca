"""Numbers as people type them."""

from __future__ import annotations

import re
from typing import Final

_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}([, \u00a0\u202f]\d{3})+(\.\d*)?")


def bare_number(text: str) -> str:
    """Take out what parts thousands: ``1,250.50`` is ``1250.50``, and so is ``1 250.50``.

    Raises
    ------
    ValueError : a comma may be a decimal sign: ``12,5`` is not 125, and ``1.234,56`` not 1.23456
    """
    found = text.strip()
    if _THOUSANDS.fullmatch(found):
        return re.sub(r"[, \u00a0\u202f]", "", found)
    if "," in found:
        raise ValueError(f"{found[:40]!r} is not clear: write 1234.56, with a point for decimals.")
    return found
