"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class MlopsConfig(AppConfig):
    """The mlops app."""

    name = "mlops"
    verbose_name = "ML operations"

    def ready(self) -> None:
        """Bring promotions to the gate, our work to the jobs, and hear of deals."""
        from attribution.selectors.growth.value import register_value_model
        from attribution.services.deal_effects import on_deal_moved
        from campaigns.selectors.advice_notes import register_note_source
        from inbox.selectors.worth import register_worth
        from inbox.services.classifying import register_readers
        from mlops import home
        from mlops.handlers import PromotionHandler
        from mlops.panels import PROMOTION_PANEL
        from mlops.selectors.customer_worth import predicted_worth
        from mlops.selectors.telemetry import SOURCE
        from mlops.selectors.user_value import mean_predicted_value
        from mlops.services.deals import learn_from_deal
        from mlops.services.job_list import register_jobs
        from mlops.services.predicting import on_predicted
        from mlops.services.registry.intents import readers_of
        from mlops.services.winners.noting import winner_notes
        from mlops.tasks import ask_shadow
        from workspaces import gate, panels
        from workspaces.telemetry import register_source

        gate.register(PromotionHandler())
        panels.register_panel(PROMOTION_PANEL)
        panels.register_aside(panels.Aside("ad_change", "winners-like"))
        on_deal_moved(learn_from_deal)
        register_note_source(winner_notes)
        on_predicted(ask_shadow)
        register_value_model(mean_predicted_value)
        register_readers(readers_of)
        register_worth(predicted_worth)
        register_jobs()
        register_source(SOURCE)
        home.register()
