"""A mail as it came over SMTP, in the form in which messages of all providers are shown."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from sandbox.web import JsonObject


def parsed(raw: bytes) -> JsonObject:
    """Take subject, headers, text and HTML out of a mail."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101  # what this policy makes
    return {
        "subject": str(mail.get("Subject", "")),
        "headers": {name: str(value) for name, value in mail.items()},
        "metadata": {},
        "tags": [],
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
        "attachments": [part.get_filename() or "" for part in mail.iter_attachments()],
        "size": len(raw),
    }


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
