"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """The workspaces app."""

    name = "workspaces"

    def ready(self) -> None:
        """Give each new workspace its switches of jobs; let webhooks in and language models."""
        from workspaces import cells, llm, own_finders, own_home, selectors_telemetry, telemetry
        from workspaces.hooks import on_workspace_created
        from workspaces.inbound import setup
        from workspaces.services import metrics, suggesting
        from workspaces.services.jobs import configure_new

        on_workspace_created(configure_new)
        setup.register()
        llm.register()
        suggesting.register()
        for source in selectors_telemetry.SOURCES:
            telemetry.register_source(source)
        metrics.register()
        own_home.register()
        own_finders.register()
        cells.draw_once()
