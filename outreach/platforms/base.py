"""What every sender of messages looks like from inside: one protocol, its values, one error.

An adapter sends one message to one person, once for each call. Whether a call whose answer was
lost may be made again is a matter of the provider, and each says so: by its key (the same call
has one effect), by a look-up (it can be asked), or not at all (then nobody calls again).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from workspaces.platforms.errors import ErrorKind, PlatformError

SentStatus = Literal["queued", "sent"]
FoundState = Literal["sent", "not_sent", "unknown", "unsupported"]

#: What an error is about when the recipient is at fault, and no other message is.
RECIPIENT = "to"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file of a mail. It is read when the mail is written, so that few are held at once."""

    name: str
    content_type: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready. ``key`` names it at the provider and names nobody.

    ``template_key`` is that of a template which the provider approved, with the values of its
    places; without it the text is sent as it is. ``reply_to_comment`` makes it the one private
    reply to a comment.
    """

    key: str
    channel: str
    to: str
    sender: str
    text: str
    subject: str = ""
    html: str = ""
    to_name: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_marketing: bool = False
    template_key: str = ""
    template_values: Mapping[str, str] = field(default_factory=dict)
    callback_url: str = ""
    reply_to_comment: str = ""
    files: Sequence[OutgoingFile] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A clear success: the provider has it."""

    provider_message_id: str
    status: SentStatus = "queued"


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider says of a message whose answer was lost."""

    state: FoundState
    provider_message_id: str = ""


class Sender(Protocol):
    """One connection, used by one thread. Calls raise `PlatformError` and nothing else."""

    #: As messages record it.
    name: str
    #: Whether the same call with the same key has one effect.
    is_idempotent: bool
    #: Whether it can be asked for a message.
    can_look_up: bool
    #: How long it may take until a message that was taken is found.
    lag_s: float

    def send(self, message: Outgoing) -> Sent:
        """Send it once, or raise."""
        ...

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Ask whether it was taken after ``called_at``; ``known`` ids are of other messages."""
        ...

    def check(self) -> str:
        """Try the credentials without sending; what was found, in a sentence."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


def of_recipient(kind: ErrorKind, message: str, code: str = "") -> PlatformError:
    """Make an error that only this recipient is the cause of."""
    return PlatformError(kind, message, provider_code=code, field=RECIPIENT)
