"""The parts of a mail: which are written text, which are files, and in what order."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from typing import Final

from inbox.engine.mail.attachments import attachment
from inbox.engine.mail.decoding import charset_in, decoded, one_line, words_decoded
from inbox.engine.mail.headers import fields_of, first, ids_in
from inbox.engine.mail.model import Attachment, Bounce, Limits
from inbox.engine.mail.plain_text import unflowed
from inbox.engine.mail.safe_html import content_id

#: What the email package raises over parts that are none.
BROKEN: Final = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, LookupError, AssertionError,
    RecursionError, OverflowError,
)  # fmt: skip
#: For machines, and said again in another part.
_NOT_SHOWN: Final = frozenset({"text/rfc822-headers", "text/x-amp-html", "text/x-watch-html"})


@dataclass(frozen=True, slots=True)
class Written:
    """One piece of the text: as plain text, as HTML, or both where they say the same."""

    text: str | None = None
    html: str | None = None


@dataclass
class Parts:
    """What was found in a mail."""

    limits: Limits
    attachments: list[Attachment] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    charset: str = ""
    returned_id: str = ""
    count: int = 0

    def problem(self, text: str) -> None:
        """Note what could not be read, once."""
        if text not in self.problems:
            self.problems.append(text)

    def read(self, part: Message, depth: int = 0) -> list[Written]:
        """Return the written pieces of a part in their order; files are noted on the way."""
        self.count += 1
        if self.count > self.limits.parts:
            self.problem(f"It has more than {self.limits.parts} parts; the rest was not read.")
            return []
        if depth > self.limits.depth:
            self.problem(f"Parts nested deeper than {self.limits.depth} were not read.")
            return []
        kind = part.get_content_type()
        children = part.get_payload()
        if kind == "message/delivery-status":
            self._report(part)
            return []
        if kind in ("message/rfc822", "text/rfc822-headers"):
            self._note_returned(part, kind)
        if part.get_content_maintype() == "message":
            self._keep_file(part, kind)
            return []
        if kind in _NOT_SHOWN:
            return []
        if not isinstance(children, list):
            return self._leaf(part, kind)
        if kind == "multipart/encrypted":
            self.problem("It is encrypted; its text cannot be read here.")
        pieces = [self.read(one, depth + 1) for one in children if isinstance(one, Message)]
        if kind == "multipart/alternative":
            return _alternative(pieces)
        return [one for some in pieces for one in some]

    def _leaf(self, part: Message, kind: str) -> list[Written]:
        is_file = part.get_content_disposition() == "attachment" or bool(_file_name(part))
        if is_file or kind not in ("text/plain", "text/html"):
            if not part.is_multipart() and kind.startswith("multipart/"):
                return self._plain(part)  # its parts are nowhere to be found
            self._keep_file(part, kind)
            return []
        if kind == "text/plain":
            return self._plain(part)
        raw = _content(part)
        charset = _parameter(part, "charset") or charset_in(raw)
        self.charset = self.charset or charset
        html = decoded(raw, charset)
        if len(html) > self.limits.html_length:
            self.problem("Its HTML is very long; the end was cut off.")
        return [Written(html=html[: self.limits.html_length])]

    def _plain(self, part: Message) -> list[Written]:
        charset = _parameter(part, "charset")
        self.charset = self.charset or charset
        text = decoded(_content(part), charset)
        if len(text) > self.limits.text_length:
            self.problem("Its text is very long; the end was cut off.")
            text = text[: self.limits.text_length]
        if _parameter(part, "format").lower() == "flowed":
            text = unflowed(text, del_sp=_parameter(part, "delsp").lower() == "yes")
        return [Written(text=text)]

    def _keep_file(self, part: Message, kind: str) -> None:
        if len(self.attachments) >= self.limits.attachments:
            self.problem(f"Only its first {self.limits.attachments} files were kept.")
            return
        content = _passed_on(part) if kind.startswith("message/") else _content(part)
        name = _file_name(part)
        if kind == "message/rfc822" and not name.lower().endswith(".eml"):
            name = f"{name or 'message'}.eml"
        self.attachments.append(
            attachment(
                content, name or ("invite.ics" if kind == "text/calendar" else ""), kind[:120],
                content_id=content_id(str(part.get("Content-ID", ""))[:300]),
                is_inline=part.get_content_disposition() != "attachment"
                and part.get("Content-ID") is not None,
                max_size=self.limits.attachment_size,
            )
        )  # fmt: skip

    def _report(self, part: Message) -> None:
        """Read the groups of fields of a delivery report, one for each recipient."""
        groups = part.get_payload()
        for group in groups[:50] if isinstance(groups, list) else []:
            if not isinstance(group, Message):
                continue
            fields = fields_of(group, 1000)
            recipient = first(fields, "final-recipient") or first(fields, "original-recipient")
            if not recipient:
                continue
            told = first(fields, "diagnostic-code")
            self.bounces.append(
                Bounce(
                    recipient.rpartition(";")[2].strip().lower()[:320],
                    first(fields, "action").lower()[:40],
                    first(fields, "status").partition(" ")[0][:20],
                    one_line(told.partition(";")[2] or told, 300),
                )
            )

    def _note_returned(self, part: Message, kind: str) -> None:
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if kind == "text/rfc822-headers" and isinstance(payload, str):
            inner = message_from_string(payload[:100_000])
        if isinstance(inner, Message) and not self.returned_id:
            ids = ids_in(str(inner.get("Message-ID", ""))[:1000], 1)
            self.returned_id = ids[0] if ids else ""


def _alternative(pieces: list[list[Written]]) -> list[Written]:
    """Join versions of the same: the first with text, the last with HTML."""
    filled = [some for some in pieces if some]
    texts = next((some for some in filled if all(one.text is not None for one in some)), None)
    htmls = next(
        (some for some in reversed(filled) if any(one.html is not None for one in some)), None
    )
    if texts is None or htmls is None or texts is htmls:
        return htmls or texts or (filled[-1] if filled else [])
    text = "\n".join(one.text or "" for one in texts)
    html = "".join(one.html or "" for one in htmls)
    return [Written(text=text if text.strip() else None, html=html)]


def _content(part: Message) -> bytes:
    """Return the bytes of a part; what is encoded wrongly, as far as it goes."""
    try:
        content = part.get_payload(decode=True)
    except BROKEN:
        content = None
    if isinstance(content, bytes):
        return content
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _passed_on(part: Message) -> bytes:
    """Return a mail within a mail as bytes."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        return _content(part)
    try:
        return inner.as_bytes()
    except (*BROKEN, UnicodeError):
        return b""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except BROKEN:
        return ""
    return one_line(words_decoded(_header_bytes(name)), 300)


def _header_bytes(value: str) -> str:
    """Read a parameter that may hold bytes beyond ASCII."""
    return decoded(value.encode("utf-8", "surrogateescape"), "utf-8")


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name, "")
    except BROKEN:
        return ""
    text = value[2] if isinstance(value, tuple) else value
    return one_line(str(text or ""), 60)
