"""Events of websites as they come over the wire: checked one by one, turned into columns."""

from __future__ import annotations

from typing import Final

DEFAULT_CONVERSIONS: Final = ("purchase", "signup", "lead", "appointment", "install")
