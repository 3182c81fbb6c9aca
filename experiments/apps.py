"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The experiments app."""

    name = "experiments"
    verbose_name = "Experiments"

    def ready(self) -> None:
        """Bring tests to the gate, our ads to practices, our work to the jobs; hear the news."""
        from attribution.services.news import on_people_news, on_visitor_news, register_keeper
        from experiments import finders, home, ledger
        from experiments.api import suggested
        from experiments.handlers import ABTestHandler
        from experiments.panels import TEST_PANEL
        from experiments.piece_sources import register_piece_source
        from experiments.selectors.ideas import tests_made
        from experiments.selectors.pieces import ad_pieces
        from experiments.services import library
        from experiments.services.counting import news
        from experiments.services.counting.keeping import UnitKeeper
        from experiments.services.counting.questions import register_sources
        from experiments.services.job_list import register_jobs
        from workspaces import gate, ideas, panels
        from workspaces.hooks import on_workspace_created

        gate.register(ABTestHandler())
        panels.register_panel(TEST_PANEL)
        ideas.register_idea_door(ideas.IdeaDoor("experiment-take-up", tests_made))
        on_workspace_created(library.seed_new)
        register_piece_source(ad_pieces)
        register_sources()
        on_visitor_news(news.queue_visitors)
        on_people_news(news.queue_people)
        register_keeper(UnitKeeper())
        register_jobs()
        suggested.register()
        finders.register()
        home.register()
        ledger.register()
