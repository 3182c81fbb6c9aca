"""What pages of the inbox watch for news."""

from __future__ import annotations

from typing import Final

TOPIC: Final = "inbox"
