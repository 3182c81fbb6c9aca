"""To which conversation a mail belongs: by what it answers, else by subject and people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from inbox.engine.mail.model import Mail

#: How long a conversation waits for an answer that names no mail of it.
WINDOW: Final = timedelta(days=30)

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


@dataclass(frozen=True, slots=True)
class Known:
    """One conversation, as far as mails are told by it."""

    key: str
    message_ids: frozenset[str]
    subject: str
    participants: frozenset[str]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A conversation, and by what it was found."""

    key: str
    by: Literal["reference", "subject"]


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


def is_reply_subject(subject: str) -> bool:
    """Whether a subject says that it answers."""
    text = _TAG.sub("", subject, count=1) if _TAG.match(subject) else subject
    return _REPLY.match(text) is not None


def participants(mail: Mail, own: frozenset[str]) -> frozenset[str]:
    """Return the addresses of the people of a mail, without ours."""
    people = {one.address for one in (*mail.to, *mail.cc, *mail.reply_to)}
    return frozenset((people | ({mail.sender.address} if mail.sender else set())) - own)


def find_thread(
    mail: Mail,
    known: Iterable[Known],
    *,
    at: datetime,
    own: frozenset[str] = frozenset(),
    window: timedelta = WINDOW,
) -> Match | None:
    """Return the conversation that a mail goes on with, if there is one.

    What it answers decides; of several the nearest. Without that, an answer by its subject goes to
    the latest conversation of the same subject in which its sender takes part, if that is not
    older than ``window`` at ``at``. A subject alone joins nobody to others.
    """
    conversations: Sequence[Known] = list(known)
    for one in answered_ids(mail):
        for conversation in conversations:
            if one in conversation.message_ids:
                return Match(conversation.key, "reference")
    key = subject_key(mail.subject)
    if not key or mail.sender is None or mail.sender.address in own:
        return None
    if not is_reply_subject(mail.subject):
        return None
    fitting = [
        one for one in conversations
        if subject_key(one.subject) == key
        and mail.sender.address in one.participants
        and at - window <= one.last_at <= at + window
    ]  # fmt: skip
    latest = max(fitting, key=lambda one: (one.last_at, one.key), default=None)
    return Match(latest.key, "subject") if latest else None
