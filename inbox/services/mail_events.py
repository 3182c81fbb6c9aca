"""Mails that providers handed over by webhook, read."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final

from inbox.engine.mail import Mail, MailError, OwnMarks, read_mail
from workspaces.models import InboundEvent

#: Which events of connections of kind ``email`` carry mails.
KIND: Final = "inbound.mail"


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
