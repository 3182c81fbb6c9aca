"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate, and its steps to the first visit."""
        from campaigns import onboarding
        from campaigns.executing import kept_adapters
        from campaigns.handlers import AdChangeHandler
        from campaigns.panels import AD_CHANGE_PANEL
        from campaigns.services.sync_job import SYNC_JOB, sync_workspace
        from workspaces import gate, panels
        from workspaces.services.jobs import register_job

        gate.register(AdChangeHandler())
        gate.register_run_context(kept_adapters)
        panels.register_panel(AD_CHANGE_PANEL)
        onboarding.register()
        register_job(SYNC_JOB, "Sync of the platforms", sync_workspace)
