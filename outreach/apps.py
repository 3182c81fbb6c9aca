"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """The outreach app."""

    name = "outreach"
    verbose_name = "Outreach"

    def ready(self) -> None:
        """Bring word lists to the classifiers of texts; listen to providers and people; send."""
        from outreach import launches, listening, text_classes

        launches.register()
        listening.register()
        text_classes.register()
