"""Every task that ends is counted, with the time it took."""

from __future__ import annotations

import time
from typing import Any

from celery import Task
from celery.signals import task_postrun, task_prerun

from workspaces.telemetry import count_task


@task_prerun.connect
def note_start(task: Task[Any, Any], **_: object) -> None:
    """Note when it began."""
    task.request.countersign_began = time.perf_counter()  # type: ignore[attr-defined]  # ours


@task_postrun.connect
def count_end(task: Task[Any, Any], state: str | None = None, **_: object) -> None:
    """Count it by how it ended."""
    began = getattr(task.request, "countersign_began", None)
    if began is not None:
        seconds = time.perf_counter() - began
        count_task(task=task.name, state=(state or "unknown").lower(), seconds=seconds)
