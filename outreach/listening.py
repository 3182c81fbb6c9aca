"""Which calls of other systems outreach wants to hear of."""

from __future__ import annotations

from outreach.services.listening import mail, meta, twilio
from outreach.webhooks import EmailProvider
from workspaces.inbound.registry import register_consumer, register_provider


def register() -> None:
    """Called once, when the app is ready."""
    register_provider(EmailProvider())
    register_consumer("outreach-mail", "email", mail.consume, kinds=("mail*",))
    register_consumer("outreach-twilio", "twilio", twilio.consume)
    register_consumer("outreach-meta", "meta", meta.consume, kinds=meta.KINDS)
