"""Celery entry points of campaigns."""

from campaigns.tasks.deriving import refresh_derived
from campaigns.tasks.imports import run_import_task, run_waiting_imports

__all__ = ["refresh_derived", "run_import_task", "run_waiting_imports"]
