"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    """The outreach app."""

    name = "outreach"
    verbose_name = "Outreach"
