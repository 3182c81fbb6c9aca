"""The job that keeps what is derived from installs and sessions."""

from __future__ import annotations

from typing import Final

from attribution.services.installs.refreshing import refresh_users
from attribution.services.installs.rollups import refresh_rollups
from workspaces.services.jobs import Progress

INSTALLS_JOB: Final = "app-users"


def refresh_workspace(progress: Progress) -> None:
    """Body of the job: time alone changes who has left and what is known."""
    users = refresh_users(workspace=progress.workspace, now=progress.now)
    rolled = refresh_rollups(workspace=progress.workspace, now=progress.now)
    progress.count(users=users.users, days=users.days, app_days=rolled.days, cohorts=rolled.cohorts)
