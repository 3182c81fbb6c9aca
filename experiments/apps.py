"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The experiments app."""

    name = "experiments"
    verbose_name = "Experiments"

    def ready(self) -> None:
        """Bring our work to the jobs, and our ads to what practices are learnt from."""
        from experiments.piece_sources import register_piece_source
        from experiments.selectors.pieces import ad_pieces
        from experiments.services.job_list import register_jobs

        register_piece_source(ad_pieces)
        register_jobs()
