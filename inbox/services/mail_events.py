"""Mails that providers handed over by webhook, read."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Final

from inbox.engine.mail import Mail, MailError, OwnMarks, read_mail
from workspaces.models import InboundEvent

#: Which events of connections of kind ``email`` carry mails.
KIND: Final = "inbound.mail"
#: Kind of connections whose mailbox we look into ourselves.
IMAP: Final = "imap"


def arrival_of(event: InboundEvent) -> datetime:
    """When a mail arrived: as its mailbox says, or when it was told."""
    try:
        told = datetime.fromisoformat(json.loads(event.body)["arrived_at"])
    except (ValueError, KeyError, TypeError):
        return event.received_at
    return min(told, event.received_at) if told.tzinfo else event.received_at


def mail_of(event: InboundEvent, *, own: OwnMarks | None = None) -> Mail:
    """Return the mail of an event.

    Raises
    ------
    MailError : it carries none, or one that is not read; another try would not help
    """
    try:
        raw = base64.b64decode(json.loads(event.body)["raw"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise MailError("The event carries no mail.") from None
    return read_mail(raw, own=own)
