"""Which calls of other systems the inbox wants to hear of."""

from __future__ import annotations

from inbox.services import hearing, mail_events, mailing
from outreach.services.listening import meta, x
from workspaces.inbound.registry import register_consumer


def register() -> None:
    """Called once, when the app is ready."""
    register_consumer("inbox-mail", "email", mailing.consume, kinds=(mail_events.KIND,))
    register_consumer("inbox-imap", mail_events.IMAP, mailing.consume, kinds=(mail_events.KIND,))
    register_consumer("inbox-twilio", "twilio", hearing.take_texts)
    for kind in ("meta", "messenger"):
        register_consumer(f"inbox-{kind}", kind, hearing.take_direct, kinds=meta.KINDS)
    register_consumer("inbox-x", "x", hearing.take_x, kinds=x.KINDS)
