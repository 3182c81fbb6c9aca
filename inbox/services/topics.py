"""What pages of the inbox watch for news."""

from __future__ import annotations

from typing import Final

TOPIC: Final = "inbox"
#: Who does what no person did.
MACHINE: Final = "Countersign"
#: Doubt in what a form on a website says of who wrote.
UNCONFIRMED: Final = "Address not confirmed: somebody typed it in a form."
