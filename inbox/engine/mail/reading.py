"""Raw bytes to a `Mail`: everything a sender can get wrong has a defined outcome."""

from __future__ import annotations

import hashlib
import html as markup
import re
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Final

from inbox.engine.mail import automatic
from inbox.engine.mail.headers import (
    Fields,
    addresses_in,
    date_in,
    fields_of,
    first,
    ids_in,
    languages_of,
    shown,
)
from inbox.engine.mail.html_text import text_of
from inbox.engine.mail.model import LIMITS, Address, Body, Limits, Mail, MailError, OwnMarks
from inbox.engine.mail.parts import BROKEN, Parts, Written
from inbox.engine.mail.quotes import split_text
from inbox.engine.mail.safe_html import safe_html

_END_OF_HEADER: Final = re.compile(rb"\r?\n\r?\n|\r\r")
_CONTAINER: Final = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.I | re.M)
_MBOX: Final = re.compile(rb"\A>?From [^\n]*\n")
_STRAY: Final = re.compile(rb"(?<=\n)(?=[^\s])(?![!-9;-~]{1,80}[ \t]*:)")
_KNOWN_FIELD: Final = re.compile(
    rb"\n(?:from|to|subject|date|message-id|content-type|received|mime-version)[ \t]*:", re.I
)
_FIELD: Final = re.compile(rb"^[!-9;-~]{1,80}[ \t]*:", re.MULTILINE)


def read_mail(raw: bytes, *, own: OwnMarks | None = None, limits: Limits = LIMITS) -> Mail:
    """Read one mail.

    Parameters
    ----------
    raw : the mail as it came, headers and all (RFC 5322)
    own : by what our own mails are known
    limits : how much is read

    Returns
    -------
    the mail; what was cut or not understood is told in its ``problems``

    Raises
    ------
    MailError : these bytes are no mail, or more of one than is read
    """
    if len(raw) > limits.size:
        raise MailError(f"The mail is larger than {limits.size // (1024 * 1024)} MB.")
    source = _mended(_MBOX.sub(b"", raw.lstrip(b"\r\n"), count=1))
    _require_few(source, limits)
    try:
        # Structured headers of the newer policies raise in many ways and take quadratic time.
        message = BytesParser(policy=policy.compat32).parsebytes(source)
        return _mail(raw, message, own or OwnMarks(), limits)
    except BROKEN:
        raise MailError("The mail is broken in a way that cannot be read.") from None


def _mended(source: bytes) -> bytes:
    """Fold lines of the header that are no field into the field before, if others follow."""
    end = _END_OF_HEADER.search(source)
    if end is None:
        return source
    header = source[: end.start()]
    last = max((one.start() for one in _KNOWN_FIELD.finditer(header)), default=0)
    return _STRAY.sub(b" ", header[:last]) + source[last:] if last else source


def _require_few(source: bytes, limits: Limits) -> None:
    """Refuse what would take long before it is parsed."""
    end = _END_OF_HEADER.search(source)
    header = source[: end.start()] if end else source
    if len(header) > limits.header_size:
        raise MailError(f"The header is larger than {limits.header_size // 1024} KB.")
    if _FIELD.search(header) is None:
        raise MailError("This is no mail: it has no header.")
    if source.count(b"\n--") > limits.lines_of_dashes:
        raise MailError("The mail has too many parts.")
    if sum(1 for _ in _CONTAINER.finditer(source)) > limits.containers:
        raise MailError("The mail has too many parts within parts.")


def _mail(raw: bytes, message: Message, own: OwnMarks, limits: Limits) -> Mail:
    fields = fields_of(message, limits.header_length)
    parts = Parts(limits)
    body = _body(parts.read(message), parts, limits)
    senders = addresses_in(fields.get("from", ()), limits.addresses)
    sender = senders[0] if senders else None
    address = sender.address if sender else ""
    reply_to = addresses_in(fields.get("reply-to", ()), limits.addresses)
    form_writer = automatic.form_writer(sender, reply_to, own)
    subject = shown(first(fields, "subject"), limits.subject_length)
    ids = ids_in(first(fields, "message-id"), 1)
    answered = ids_in(first(fields, "in-reply-to"), limits.references)
    report = str(message.get_param("report-type", "")).lower()
    if sender is None:
        parts.problem("It names no sender.")
    return Mail(
        digest=hashlib.sha256(raw).hexdigest(),
        message_id=ids[0] if ids else "",
        in_reply_to=answered[0] if answered else "",
        references=ids_in(" ".join(fields.get("references", ())), limits.references),
        sender=sender,
        reply_to=reply_to,
        form_writer=form_writer,
        to=addresses_in(fields.get("to", ()), limits.addresses),
        cc=addresses_in(fields.get("cc", ()), limits.addresses),
        delivered_to=_delivered_to(fields, limits),
        subject=subject,
        sent_at=date_in(first(fields, "date")),
        body=body,
        attachments=tuple(parts.attachments),
        automatic_because=_automatic(message, fields, subject, address, report),
        is_bounce=automatic.is_bounce(
            message.get_content_type(), report, fields, subject, address
        ),
        bounces=tuple(parts.bounces),
        returned_id=parts.returned_id if report else "",
        loop_because=automatic.loop_because(
            fields, ids[0] if ids else "", form_writer.address if form_writer else address, own,
            limits.received,
        ),
        languages=languages_of(fields, body.html, parts.charset),
        problems=tuple(parts.problems),
    )  # fmt: skip


def _automatic(message: Message, fields: Fields, subject: str, sender: str, report: str) -> str:
    if message.get_content_type() == "multipart/report":
        return f"It is a report ({report[:40] or 'of no named type'})"
    return automatic.automatic_because(fields, subject, sender)


def _delivered_to(fields: Fields, limits: Limits) -> tuple[Address, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    return addresses_in([one for name in names for one in fields.get(name, ())], limits.addresses)


def _body(pieces: list[Written], parts: Parts, limits: Limits) -> Body:
    """Join the written pieces, as text and, where there is any, as HTML."""
    html = ""
    if any(one.html is not None for one in pieces):
        html = "".join(one.html if one.html is not None else _as_html(one.text) for one in pieces)
        if len(html) > limits.html_length:
            parts.problem("Its HTML is very long; the end was cut off.")
            html = html[: limits.html_length]
    texts = [one.text if one.text is not None else text_of(one.html or "") for one in pieces]
    text = "\n\n".join(one.strip("\n") for one in texts if one.strip())
    if len(text) > limits.text_length:
        parts.problem("Its text is very long; the end was cut off.")
        text = text[: limits.text_length]
    split = split_text(text)
    return Body(
        text=text, html=html, safe_html=safe_html(html) if html else "",
        reply=split.reply, quoted=split.quoted, signature=split.signature,
    )  # fmt: skip


def _as_html(text: str | None) -> str:
    return f"<pre>{markup.escape(text or '')}</pre>"
