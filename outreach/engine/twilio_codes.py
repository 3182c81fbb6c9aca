"""Statuses and error codes of Twilio, in our words.

https://www.twilio.com/docs/api/errors; a code that is not here fails the message and says so.
"""

from __future__ import annotations

from typing import Final

#: The number will never take a message: unknown, a landline, or none at all.
DEAD: Final = frozenset({"21211", "21214", "21217", "21614", "30005", "30006", "63003", "63024"})
#: They told the carrier or WhatsApp to stop.
OPTED_OUT: Final = frozenset({"21610", "63032"})
_STATUSES: Final = {
    "sent": "accepted",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
}


def heard_as(status: str, code: str) -> str:
    """Return our kind of a status; empty while nothing has happened yet."""
    kind = _STATUSES.get(status, "")
    if kind != "failed":
        return kind
    if code in OPTED_OUT:
        return "unsubscribed"
    return "bounced" if code in DEAD else "failed"
