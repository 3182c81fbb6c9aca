"""What every mailbox looks like from inside: one protocol, its values, and the one error.

A mailbox is only read. Nothing is moved, flagged or deleted there, so the same mailbox may be read
by people and by other programs, and a poll that broke off is simply made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a mailbox was read: UIDs grow, and mean nothing under another validity."""

    uid_validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail as it came; without ``content`` where it is larger than is read.

    ``arrived_at`` is when its server took it in, where that is told.
    """

    uid: int
    size: int
    content: bytes | None
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails in the order of their UIDs, and the place behind them.

    ``is_restarted`` says that the server numbered its mails anew, so that some of them may have
    been seen before; their Message-IDs tell which. ``has_more`` says to come again at once.
    """

    mails: tuple[RawMail, ...]
    place: Place
    has_more: bool = False
    is_restarted: bool = False


class Mailbox(Protocol):
    """One mailbox, used by one thread. Calls raise `PlatformError` and nothing else."""

    def fetch_since(self, place: Place, *, not_before: date | None = None) -> Fetched:
        """Return mails behind a place, at most a batch of them.

        ``not_before`` leaves older mails out where there is no place yet, or none any more.
        """
        ...

    def check(self) -> str:
        """Try to log in and look; what was found, in a sentence."""
        ...

    def close(self) -> None:
        """Say goodbye."""
        ...
