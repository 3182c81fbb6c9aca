"""Celery entry points of campaigns."""

from campaigns.tasks.imports import run_import_task, run_waiting_imports

__all__ = ["run_import_task", "run_waiting_imports"]
