"""Names of jobs that are made of other names; known without what the jobs do."""

from __future__ import annotations


def training_job(name: str) -> str:
    """Name of the job that trains a model."""
    return f"train-{name.replace('_', '-')}"
