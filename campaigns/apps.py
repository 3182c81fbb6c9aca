"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate."""
        from campaigns.handlers import AdChangeHandler
        from workspaces.gate import register

        register(AdChangeHandler())
