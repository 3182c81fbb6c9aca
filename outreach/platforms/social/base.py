"""What every reader of a social network looks like from inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """One of our accounts there."""

    platform: str
    external_id: str
    name: str
    followers: int


@dataclass(frozen=True, slots=True)
class Post:
    """One of our posts; ``reach`` is ``None`` where the network does not tell it."""

    external_id: str
    at: datetime
    caption: str
    type: str
    url: str
    likes: int = 0
    comments: int = 0
    shares: int = 0
    saves: int = 0
    views: int = 0
    reach: int | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who did something; what is not public is empty, ``takes_messages`` where nobody tells."""

    external_id: str
    username: str = ""
    name: str = ""
    followers: int | None = None
    takes_messages: bool | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that somebody did; ``post`` and ``parent`` are ids there."""

    external_id: str
    kind: str
    at: datetime
    author: Author
    text: str = ""
    post: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Posts:
    """A page of posts, the newest first; ``next`` is empty on the last."""

    rows: Sequence[Post]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Doings:
    """A page of what people did, the newest first; ``next`` is empty on the last."""

    rows: Sequence[Done]
    next: str = ""


class Reader(Protocol):
    """One connection to read by. Calls raise `PlatformError` and nothing else."""

    def accounts(self) -> list[OwnAccount]:
        """Our accounts that this connection opens."""
        ...

    def posts(self, account: OwnAccount, since: datetime, cursor: str) -> Posts:
        """Posts made since; some may be older."""
        ...

    def comments(self, account: OwnAccount, post: str, since: datetime, cursor: str) -> Doings:
        """Comments below a post since; none where the network tells of them elsewhere."""
        ...

    def mentions(self, account: OwnAccount, since: datetime, cursor: str) -> Doings:
        """Where others name us since, and comments that are not told of by post."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
