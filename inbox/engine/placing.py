"""Which conversation a new message belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from inbox.engine.mail.thread_keys import subject_key

#: Channels on which people write about one thing after the other, without subjects.
_ONE_STREAM: Final = ("sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat")
#: What is written so long after the last word begins something new.
_STREAM_ENDS_AFTER: Final = timedelta(days=7)
_SUBJECT_ENDS_AFTER: Final = timedelta(days=30)
#: A conversation that was closed is opened again for so long.
_REOPENS_FOR: Final = timedelta(days=7)


@dataclass(frozen=True)
class Letter:
    """A new message. ``conversations``: keys of those that it refers to, the nearest first."""

    at: datetime
    channel: str
    subject: str = ""
    conversations: tuple[int, ...] = ()


@dataclass(frozen=True)
class Known:
    """A conversation that there is. ``is_theirs``: the sender's own."""

    key: int
    channel: str
    subject: str
    last_message_at: datetime
    closed_at: datetime | None
    is_theirs: bool


def place(letter: Letter, known: Sequence[Known]) -> int | None:
    """Key of the conversation that a message goes on with; ``None``: it begins a new one.

    What it names itself counts first, whoever wrote it and however long ago: a colleague's answer
    to a mail belongs where that mail is. Else the sender's own on the same channel: the last one
    where a channel is one stream, one of the same subject for mails.
    """
    keys = {one.key for one in known}
    for key in letter.conversations:
        if key in keys:
            return key
    fits = [one for one in known if _goes_on(letter, one)]
    return max(fits, key=lambda one: (one.last_message_at, one.key)).key if fits else None


def _goes_on(letter: Letter, one: Known) -> bool:
    if not one.is_theirs or one.channel != letter.channel:
        return False
    if one.closed_at is not None and letter.at > one.closed_at + _REOPENS_FOR:
        return False
    if letter.channel in _ONE_STREAM:
        return letter.at <= one.last_message_at + _STREAM_ENDS_AFTER or one.closed_at is None
    subject = subject_key(letter.subject)
    return (
        bool(subject)
        and subject == subject_key(one.subject)
        and letter.at <= one.last_message_at + _SUBJECT_ENDS_AFTER
    )
