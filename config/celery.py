"""The Celery application: ``celery -A config …``."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """Stop Celery from installing its own log format: Django's settings hold."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_ready.connect
def look_after_children(sender: Any, **kwargs: Any) -> None:
    """Replace a child that ended by its last task within half a second.

    Its pipe closes a moment before it can be waited for, so Celery often misses the end and looks
    again after five seconds: a training would wait so long for the one before it.
    """
    maintain = getattr(sender.pool, "maintain_pool", None)
    if maintain is not None and sender.hub is not None:
        sender.hub.call_repeatedly(0.5, maintain)
