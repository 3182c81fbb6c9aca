"""The jobs about people, and within what limits each runs."""

from __future__ import annotations

from outreach.services.people.ending import SWEEP_JOB, sweep_for_workspace
from outreach.services.people.import_job import IMPORT_JOB, import_for_workspace
from outreach.services.people.standing import STANDING_JOB, refresh_for_workspace
from workspaces.services.jobs import register_job


def register_people_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(
        IMPORT_JOB, "Imports of contacts", import_for_workspace, limit_s=3600, backoff_base_ms=2_000
    )
    register_job(
        STANDING_JOB, "Segments of contacts", refresh_for_workspace, limit_s=1800, priority=-5
    )
    register_job(SWEEP_JOB, "Old files of contacts", sweep_for_workspace, limit_s=300)
