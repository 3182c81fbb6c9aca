"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AttributionConfig(AppConfig):
    """The attribution app."""

    name = "attribution"

    def ready(self) -> None:
        """Let HubSpot's webhooks in."""
        from attribution.hubspot.webhook import HubSpotProvider
        from workspaces.inbound.registry import register_provider

        register_provider(HubSpotProvider())
