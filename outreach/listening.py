"""Which calls of other systems outreach wants to hear of."""

from __future__ import annotations

from outreach.services.listening import mail, meta, social, twilio, x
from outreach.webhooks import EmailProvider, MessengerProvider
from outreach.webhooks_x import XProvider
from workspaces.inbound.registry import register_consumer, register_provider


def register() -> None:
    """Called once, when the app is ready."""
    register_provider(EmailProvider())
    register_provider(MessengerProvider())
    register_provider(XProvider())
    register_consumer("outreach-mail", "email", mail.consume, kinds=("mail*",))
    register_consumer("outreach-twilio", "twilio", twilio.consume)
    register_consumer("outreach-meta", "meta", meta.consume, kinds=meta.KINDS)
    register_consumer("outreach-messenger", "messenger", meta.consume, kinds=meta.KINDS)
    register_consumer("outreach-x", "x", x.consume, kinds=x.KINDS)
    register_consumer("outreach-social", "messenger", social.consume, kinds=social.KINDS)
