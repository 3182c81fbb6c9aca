"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """The outreach app."""

    name = "outreach"
    verbose_name = "Outreach"

    def ready(self) -> None:
        """Bring classifiers, providers and launches; listen to providers and people."""
        from outreach import launches, listening, onboarding, text_classes

        launches.register()
        listening.register()
        text_classes.register()
        onboarding.register()
