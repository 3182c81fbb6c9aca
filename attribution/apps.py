"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AttributionConfig(AppConfig):
    """The attribution app."""

    name = "attribution"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate, and let HubSpot's webhooks in."""
        from attribution.handlers import StageValuesHandler
        from attribution.hubspot.webhook import HubSpotProvider
        from attribution.panels import STAGE_VALUES_PANEL
        from workspaces import gate, panels
        from workspaces.inbound.registry import register_provider

        gate.register(StageValuesHandler())
        panels.register_panel(STAGE_VALUES_PANEL)
        register_provider(HubSpotProvider())
