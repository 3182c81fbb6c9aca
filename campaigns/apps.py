"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate, and its steps to the first visit."""
        from campaigns import onboarding
        from campaigns.handlers import AdChangeHandler
        from workspaces import gate

        gate.register(AdChangeHandler())
        onboarding.register()
