"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class MlopsConfig(AppConfig):
    """The mlops app."""

    name = "mlops"
    verbose_name = "ML operations"
