"""Installs and sessions as rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from attribution.models import UserInstall, UserSession
from attribution.services.installs.partitions import ensure_months

DAY = date(2026, 9, 10)


def install(workspace, user_id="u1", day=DAY, **fields):
    """An organic install, unless it is told otherwise."""
    facts = {"channel": "organic", "source": "organic", "installed_on": day, **fields}
    return UserInstall.objects.create(workspace=workspace, user_id=user_id, **facts)


def session(of, session_id, after=0, **fields):
    """A session so many days after the install, at noon, of ten minutes."""
    day = of.installed_on + timedelta(days=after)
    ensure_months([day])
    facts = {"started_at": datetime.combine(day, time(12), UTC), "seconds": 600, **fields}
    return UserSession.objects.create(
        workspace_id=of.workspace_id, install=of, session_id=session_id, day=day, **facts
    )
