"""Ways by which the day's digest goes out besides e-mail; higher apps bring them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workspaces.models import Workspace


class NotSentError(Exception):
    """It could not go this way; the sentence stands in the mail that goes instead."""


@dataclass(frozen=True)
class ShortDigest:
    """What fits a message to a telephone: each a line of its own."""

    workspace: Workspace
    to: str
    counts: str
    first: str
    url: str
    key: str


#: Sends it or raises ``NotSentError``. Goes over the network: called outside a transaction.
Way = Callable[[ShortDigest, datetime], None]
_ways: dict[str, Way] = {}


def register_way(channel: str, way: Way) -> None:
    """Make a way known. Called in ``ready()``."""
    _ways[channel] = way


def send_by(channel: str, digest: ShortDigest, now: datetime) -> None:
    """Send it by a channel.

    Raises
    ------
    NotSentError : it cannot go there
    """
    way = _ways.get(channel)
    if way is None:
        raise NotSentError("Nothing is installed that sends it there.")
    way(digest, now)
