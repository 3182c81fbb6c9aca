"""By what mails of one conversation are known: what they answer, and what they are about."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from inbox.engine.mail.model import Mail

_REPLY: Final = re.compile(
    r"\s*(?:(?:re|aw|antw|antwort|sv|vs|odp|rif|res|ynt|回复|答复|返信)(?:\s?\[\d+\]|\(\d+\)|\^\d+)?"
    r"|ref)\s?[:\uff1a]\s*",
    re.IGNORECASE,
)
_FORWARD: Final = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|i|vb|doorst|vl|pd|转发|転送)\s?[:\uff1a]\s*", re.IGNORECASE
)
_TAG: Final = re.compile(
    r"\s*\[(?:external|extern|ext|spam\??|suspicious|bulk)\]:?\s*", re.IGNORECASE
)
_MAX_PREFIXES: Final = 20


def answered_ids(mail: Mail) -> tuple[str, ...]:
    """Return the ids of the mails that this one follows, the nearest first."""
    ids = (mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(one for one in ids if one))


def subject_key(subject: str) -> str:
    """Return what stays of a subject through answers and forwards, for comparing only."""
    text = unicodedata.normalize("NFKC", subject)
    for _ in range(_MAX_PREFIXES):
        found = _TAG.match(text) or _REPLY.match(text) or _FORWARD.match(text)
        if found is None:
            break
        text = text[found.end() :]
    return " ".join(text.casefold().split())
