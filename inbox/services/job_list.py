"""The jobs of this app, and within what limits each runs."""

from __future__ import annotations

from inbox.services.auditing import AUDIT_JOB, audit_workspace
from workspaces.services.jobs import register_job


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(AUDIT_JOB, "Drafts to judge", audit_workspace, limit_s=600)
