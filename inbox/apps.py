"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """The inbox app."""

    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        """Listen to what people write, and bring mailboxes to connect."""
        from inbox import listening, onboarding

        listening.register()
        onboarding.register()
