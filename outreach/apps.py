"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """The outreach app."""

    name = "outreach"
    verbose_name = "Outreach"

    def ready(self) -> None:
        """Bring classifiers, jobs, providers and launches; listen to providers and people."""
        from outreach import launches, listening, onboarding, text_classes
        from outreach.services import trying_texts
        from outreach.services.job_list import register_jobs

        launches.register()
        listening.register()
        register_jobs()
        text_classes.register()
        trying_texts.register()
        onboarding.register()
