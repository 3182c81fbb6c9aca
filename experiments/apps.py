"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The experiments app."""

    name = "experiments"
    verbose_name = "Experiments"

    def ready(self) -> None:
        """Bring our work to the jobs and our ads to the practices; hear of visitors and people."""
        from attribution.services.news import on_people_news, on_visitor_news, register_keeper
        from experiments.piece_sources import register_piece_source
        from experiments.selectors.pieces import ad_pieces
        from experiments.services.counting import news
        from experiments.services.counting.keeping import UnitKeeper
        from experiments.services.counting.questions import register_sources
        from experiments.services.job_list import register_jobs

        register_piece_source(ad_pieces)
        register_sources()
        on_visitor_news(news.queue_visitors)
        on_people_news(news.queue_people)
        register_keeper(UnitKeeper())
        register_jobs()
