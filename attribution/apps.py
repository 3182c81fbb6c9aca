"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AttributionConfig(AppConfig):
    """The attribution app."""

    name = "attribution"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate, and connect it to HubSpot."""
        from attribution import onboarding, website_ledger
        from attribution.api import suggested
        from attribution.deal_amounts import DealAmountHandler
        from attribution.handlers import StageValuesHandler
        from attribution.panels import STAGE_VALUES_PANEL
        from attribution.selectors.app_use import app_use
        from attribution.selectors.growth import cohorts, executive, funnel, organic
        from attribution.selectors.install_regions import installs_by_country
        from attribution.services import attribution_runs
        from attribution.services.deal_effects import on_deal_moved
        from attribution.services.outgoing import queue_deal
        from campaigns.selectors.app_facts import register_app_source
        from campaigns.selectors.insight.files import register_files
        from campaigns.selectors.install_facts import register_install_source
        from workspaces import gate, panels
        from workspaces.hooks import on_workspace_created

        gate.register(StageValuesHandler())
        gate.register(DealAmountHandler())
        suggested.register()
        panels.register_panel(STAGE_VALUES_PANEL)
        onboarding.register()
        website_ledger.register()
        register_install_source(installs_by_country)
        register_app_source(app_use)
        register_files("executive", executive.sheets_of, executive.charts_of)
        register_files("organic", organic.sheets_of, organic.charts_of)
        register_files("funnel", funnel.sheets_of, funnel.charts_of)
        register_files("cohorts", cohorts.sheets_of)
        on_deal_moved(queue_deal)
        on_workspace_created(attribution_runs.seed_new)
        _register_jobs()


def _register_jobs() -> None:
    from attribution.services import attribution_runs, matching, privacy
    from attribution.services.funnels import refreshing
    from attribution.services.installs.upkeep import INSTALLS_JOB, refresh_workspace
    from attribution.services.website import sessions, upkeep
    from workspaces.services.jobs import register_job

    register_job(
        matching.MATCHING_JOB,
        "Attribution of conversions",
        matching.match_workspace,
        limit_s=60,
        max_attempts=10,
        backoff_base_ms=2_000,
        priority=-10,
    )
    register_job(privacy.PURGE_JOB, "Purge of raw clicks", privacy.purge_workspace)
    register_job(
        attribution_runs.RUNS_JOB,
        "Attribution models",
        attribution_runs.refresh_workspace,
        max_per_hour=20,
        priority=-5,
    )
    register_job(
        sessions.SESSIONS_JOB,
        "Sessions of websites",
        sessions.sessionise_workspace,
        limit_s=600,
        backoff_base_ms=2_000,
    )
    register_job(upkeep.UPKEEP_JOB, "Upkeep of website events", upkeep.keep_up_workspace)
    register_job(refreshing.FUNNELS_JOB, "Funnels", refreshing.refresh_workspace, priority=-5)
    register_job(INSTALLS_JOB, "Users of the app", refresh_workspace, limit_s=600, priority=-5)
