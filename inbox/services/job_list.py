"""The jobs of this app, and within what limits each runs."""

from __future__ import annotations

from inbox.services.auditing import AUDIT_JOB, audit_workspace
from inbox.services.joining import PEOPLE_JOB, find_people
from workspaces.services.jobs import register_job


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(AUDIT_JOB, "Drafts to judge", audit_workspace, limit_s=600)
    register_job(PEOPLE_JOB, "Who may be the same person", find_people, limit_s=600)
