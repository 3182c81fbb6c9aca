"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """The inbox app."""

    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        """Listen to what people write, bring mailboxes to connect, and answers to the gate."""
        from inbox import listening, onboarding, panels
        from inbox.reply_kind import ReplyHandler
        from workspaces import gate
        from workspaces.panels import register_panel

        listening.register()
        onboarding.register()
        gate.register(ReplyHandler())
        register_panel(panels.REPLY_PANEL)
