"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns app."""

    name = "campaigns"

    def ready(self) -> None:
        """Bring the kinds of this app to the gate, and its steps to the first visit."""
        from campaigns import finders, home, ledger, ledger_figures, onboarding
        from campaigns.api import suggested
        from campaigns.executing import kept_adapters
        from campaigns.handlers import AdChangeHandler
        from campaigns.panels import AD_CHANGE_PANEL
        from campaigns.selectors.insight.watch import unread_of
        from workspaces import counters, gate, panels

        gate.register(AdChangeHandler())
        gate.register_run_context(kept_adapters)
        panels.register_panel(AD_CHANGE_PANEL)
        onboarding.register()
        ledger.register()
        finders.register()
        ledger_figures.register()
        home.register()
        suggested.register()
        counters.register("alerts", unread_of)
        _register_jobs()


def _register_jobs() -> None:
    from campaigns.services import predicting
    from campaigns.services.advising.making import ADVICE_JOB, advise_workspace
    from campaigns.services.alerts import ALERTS_JOB, check_job
    from campaigns.services.scenarios.fitting import CURVES_JOB, fit_job
    from campaigns.services.signals import SIGNALS_JOB, detect_job
    from campaigns.services.sync_job import SYNC_JOB, SyncFailedError, sync_workspace
    from workspaces.services.jobs import TRANSIENT, register_job

    register_job(
        SYNC_JOB,
        "Sync of the platforms",
        sync_workspace,
        limit_s=300,
        max_attempts=5,
        backoff_base_ms=5_000,
        priority=-5,
        retry_on=(*TRANSIENT, SyncFailedError),
    )
    register_job(
        predicting.PREDICTIONS_JOB,
        "Predictions of campaigns",
        predicting.predict_workspace,
        priority=-5,
    )
    # A model may cost money for each answer, so the hour has a limit from the start.
    register_job(
        ADVICE_JOB,
        "Recommendations",
        advise_workspace,
        limit_s=180,
        max_per_hour=6,
        priority=-5,
    )
    register_job(SIGNALS_JOB, "Signals", detect_job, limit_s=300, priority=-5)
    register_job(CURVES_JOB, "Response curves", fit_job, limit_s=300, priority=-5)
    register_job(ALERTS_JOB, "Alerts", check_job, limit_s=120, priority=-5)
