"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """The outreach app."""

    name = "outreach"
    verbose_name = "Outreach"

    def ready(self) -> None:
        """Bring classifiers, jobs, providers and launches; listen to providers and people."""
        from attribution.services.news import register_keeper
        from outreach import (
            finders,
            home,
            launches,
            ledger_figures,
            listening,
            onboarding,
            text_classes,
        )  # fmt: skip
        from outreach.api import suggested
        from outreach.selectors.telemetry import SOURCE
        from outreach.services import trying_texts
        from outreach.services.job_list import register_jobs
        from outreach.services.people.erasing import ContactKeeper
        from outreach.services.people.job_list import register_people_jobs
        from outreach.services.sending.digests import send_digest
        from workspaces.digest_ways import register_way
        from workspaces.models import DigestChannel
        from workspaces.telemetry import register_source

        launches.register()
        ledger_figures.register()
        listening.register()
        register_jobs()
        register_people_jobs()
        register_keeper(ContactKeeper())
        text_classes.register()
        trying_texts.register()
        onboarding.register()
        suggested.register()
        register_way(DigestChannel.WHATSAPP, send_digest)
        register_source(SOURCE)
        finders.register()
        home.register()
