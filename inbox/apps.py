"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """The inbox app."""

    name = "inbox"
    verbose_name = "Inbox"

    def ready(self) -> None:
        """Listen to people, bring mailboxes, give answers to the gate, count what is overdue."""
        from attribution.services.news import register_keeper
        from inbox import finders, home, ledger_figures, listening, onboarding, panels
        from inbox.reply_kind import ReplyHandler
        from inbox.selectors.counts import breached
        from inbox.selectors.telemetry import SOURCE
        from inbox.services.forgetting import InboxKeeper
        from inbox.services.job_list import register_jobs
        from workspaces import counters, gate
        from workspaces.panels import register_panel
        from workspaces.telemetry import register_source

        listening.register()
        register_keeper(InboxKeeper())
        onboarding.register()
        register_jobs()
        gate.register(ReplyHandler())
        register_panel(panels.REPLY_PANEL)
        counters.register("breaches", breached)
        register_source(SOURCE)
        finders.register()
        ledger_figures.register()
        home.register()
