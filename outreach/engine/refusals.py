"""What providers' refusals of a recipient mean: a wish, a dead end, a closed window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from outreach.engine.twilio_codes import DEAD, OPTED_OUT


class Refusal(StrEnum):
    """What is to be done about the address."""

    #: They told the provider that they want nothing more: the same as telling us.
    OPTED_OUT = "opted_out"
    #: Nothing ever arrives there.
    DEAD = "dead"
    #: They take nothing from us now: blocked, gone, or closed to messages.
    CLOSED = "closed"
    #: No conversation is open; a person may still write.
    WINDOW = "window"


#: Code of a provider of e-mail that has the address on its own list of those it never sends to.
PROVIDERS_LIST: Final = "suppressed"
#: Meta's subcodes of a conversation that is over (protocols.md 6.4).
_META_WINDOW: Final = frozenset({"2534022", "2018278", "1545041"})
#: RFC 3463: the mailbox or its domain is none (5.1.x), or it is switched off (5.2.1).
_NO_MAILBOX: Final = re.compile(r"\b5\.(?:1\.\d{1,3}|2\.1)\b")
#: A sender's own address that is refused is told in the same class.
_OF_SENDER: Final = frozenset({"5.1.7", "5.1.8"})

_BY_CODE: Final[Mapping[str, Mapping[str, Refusal]]] = MappingProxyType(
    {
        "twilio": {
            **dict.fromkeys(DEAD, Refusal.DEAD),
            **dict.fromkeys(OPTED_OUT, Refusal.OPTED_OUT),
            "63016": Refusal.WINDOW,
        },
        "meta": {"551": Refusal.CLOSED},
        "x": {"403": Refusal.CLOSED},
    }
)


def refused_as(provider: str, code: str, subcode: str, words: str) -> Refusal | None:
    """Say what a provider's refusal of a recipient means; ``None`` for one that says no more.

    Parameters
    ----------
    provider : as messages record it
    code, subcode : its own, as it tells them
    words : its own; mail servers put the status of RFC 3463 there
    """
    if provider == "meta" and code != "551" and subcode in _META_WINDOW:
        return Refusal.WINDOW
    if found := _BY_CODE.get(provider, {}).get(code):
        return found
    if code == PROVIDERS_LIST:
        return Refusal.DEAD
    status = _NO_MAILBOX.search(words) if provider == "smtp" else None
    return Refusal.DEAD if status and status[0] not in _OF_SENDER else None
