"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """The experiments app."""

    name = "experiments"
