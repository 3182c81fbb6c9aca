"""To which conversation a new message belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from inbox.engine.threads import Address

#: Days within which an equal subject of the same sender is the same matter.
SUBJECT_DAYS: Final = 30
#: Days within which a sender goes on with what is open.
OPEN_DAYS: Final = 7


class By(StrEnum):
    """What a message was recognised by."""

    THREAD = "thread"
    SUBJECT = "subject"
    SENDER = "sender"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Arrived:
    """A message that looks for its conversation.

    Attributes
    ----------
    address : that wrote
    at : when
    refers_to : ids of messages or threads on the channel, the nearest first
    subject_key : subject without 'Re:' and the like; '' for none
    others : further addresses that it was sent to
    """

    address: Address
    at: datetime
    refers_to: tuple[str, ...] = ()
    subject_key: str = ""
    others: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """A conversation that it may belong to.

    Attributes
    ----------
    id : of the conversation
    channel : of its messages
    wrote, others : addresses that wrote in it, and further ones that took part
    external_ids : ids of its messages and threads on the channel
    subject_key : as of `Arrived`
    is_closed : nobody works on it
    last_at : of its last message
    """

    id: int
    channel: str
    wrote: frozenset[str]
    last_at: datetime
    others: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    subject_key: str = ""
    is_closed: bool = False


@dataclass(frozen=True)
class Match:
    """Where a message belongs.

    Attributes
    ----------
    conversation : None for a new one
    by : what it was recognised by
    is_stranger : the address neither wrote in it nor took part: who knows an id of a message can
        write into its thread, so the page warns before such a one is answered
    """

    conversation: int | None
    by: By
    is_stranger: bool = False


def match(arrived: Arrived, candidates: Sequence[Candidate]) -> Match:
    """Find the conversation of a new message.

    Parameters
    ----------
    arrived : the message
    candidates : of the same workspace, in any order

    Returns
    -------
    Match: by the nearest message that it refers to; else by the same subject and sender, within
    30 days, the one with most people in common; else, where it has no subject, what is open with
    this sender on this channel since 7 days. Of equal ones the one written in last, then the newer
    """
    same = [one for one in candidates if one.channel == arrived.address.channel]
    for reference in arrived.refers_to:
        if found := _latest([one for one in same if reference in one.external_ids]):
            known = found.wrote | found.others
            return Match(found.id, By.THREAD, arrived.address.value not in known)
    mine = [one for one in same if arrived.address.value in one.wrote]
    if arrived.subject_key:
        alike = [
            one
            for one in _since(mine, arrived.at, SUBJECT_DAYS)
            if one.subject_key == arrived.subject_key
        ]
        found = _latest(alike, lambda one: len(arrived.others & (one.wrote | one.others)))
        return Match(found.id, By.SUBJECT) if found else Match(None, By.NOTHING)
    found = _latest([one for one in _since(mine, arrived.at, OPEN_DAYS) if not one.is_closed])
    return Match(found.id, By.SENDER) if found else Match(None, By.NOTHING)


def _since(candidates: Sequence[Candidate], at: datetime, days: int) -> list[Candidate]:
    return [one for one in candidates if at - one.last_at <= timedelta(days=days)]


def _latest(
    candidates: Sequence[Candidate], first: Callable[[Candidate], int] = lambda _: 0
) -> Candidate | None:
    return max(candidates, key=lambda one: (first(one), one.last_at, one.id), default=None)
