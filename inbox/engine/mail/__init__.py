"""Mails from bytes: read, made safe, taken apart."""

from inbox.engine.mail.model import (
    LIMITS,
    Address,
    Attachment,
    Body,
    Bounce,
    Limits,
    Mail,
    MailError,
    OwnMarks,
)
from inbox.engine.mail.reading import read_mail

__all__ = [
    "LIMITS", "Address", "Attachment", "Body", "Bounce", "Limits", "Mail", "MailError",
    "OwnMarks", "read_mail",
]  # fmt: skip
