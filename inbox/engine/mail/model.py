"""What a mail is to us, and how much of one is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class MailError(ValueError):
    """These bytes are not read as a mail; the text says why and may be shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a mail is read. Beyond the first four it is refused, beyond the rest it is cut.

    ``lines_of_dashes`` bounds the parts before anything is parsed: each begins with such a line.
    """

    size: int = 40 * 1024 * 1024
    header_size: int = 256 * 1024
    lines_of_dashes: int = 20_000
    containers: int = 200
    parts: int = 500
    depth: int = 12
    attachments: int = 100
    attachment_size: int = 25 * 1024 * 1024
    header_length: int = 16 * 1024
    addresses: int = 200
    references: int = 100
    subject_length: int = 500
    text_length: int = 500_000
    html_length: int = 1_000_000
    received: int = 50


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class OwnMarks:
    """By what we know our own mails: addresses, Message-IDs that we gave, values of our header."""

    addresses: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()
    loop_values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: the address in lower case, the name as it is shown."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail.

    ``content_type`` is told by the content, ``claimed_type`` by the sender. A file that is held
    back says why in ``held_because``; one that is too large comes without its content.
    """

    name: str
    content_type: str
    claimed_type: str
    size: int
    sha256: str
    content: bytes
    content_id: str = ""
    is_inline: bool = False
    held_because: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says of one recipient (RFC 3464)."""

    recipient: str
    action: str = ""
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The written part: as text, as HTML that came, and as HTML that may be shown."""

    text: str = ""
    html: str = ""
    safe_html: str = ""
    reply: str = ""
    quoted: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read.

    ``form_writer`` is who filled in a form that one of our own addresses mailed: Reply-To.
    ``automatic_because`` says by what a mail is known that nobody answers by machine,
    ``loop_because`` by what one of ours that came back. ``returned_id`` is the Message-ID of
    the mail that a report is about. ``problems`` are sentences on what was cut or not understood;
    ``digest`` is the SHA-256 of the bytes as they came.
    """

    digest: str
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[Address, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    body: Body = Body()
    attachments: tuple[Attachment, ...] = ()
    form_writer: Address | None = None
    automatic_because: str = ""
    is_bounce: bool = False
    bounces: tuple[Bounce, ...] = ()
    returned_id: str = ""
    loop_because: str = ""
    languages: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def writer(self) -> Address | None:
        """Who wrote it: From, or who filled in the form."""
        return self.form_writer or self.sender

    @property
    def is_auto_reply(self) -> bool:
        """Whether a machine wrote it, or nobody waits for an answer."""
        return bool(self.automatic_because) and self.form_writer is None

    @property
    def is_loop(self) -> bool:
        """Whether it is one of ours that came back."""
        return bool(self.loop_because)

    @property
    def external_id(self) -> str:
        """Return what names this mail in its mailbox: its Message-ID, or else its bytes."""
        return self.message_id or f"sha256:{self.digest}"

    @property
    def reply_address(self) -> str:
        """Return where its sender wants answers: Reply-To, or else From."""
        if self.reply_to:
            return self.reply_to[0].address
        return self.sender.address if self.sender else ""
