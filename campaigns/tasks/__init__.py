"""Celery entry points of campaigns."""

from campaigns.tasks.imports import run_import_task, run_waiting_imports
from campaigns.tasks.sync import sync_all, sync_one

__all__ = ["run_import_task", "run_waiting_imports", "sync_all", "sync_one"]
