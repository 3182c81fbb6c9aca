"""A workspace whose app is so small that a model is trained while somebody watches.

Who comes back follows from device and sessions together, which trees see and a straight line does
not: so the version beats the plain one whatever day it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import numpy as np

from attribution.models import UserInstall, UserSession
from attribution.services.installs.partitions import ensure_months
from mlops.services.demo.people import add_people, demo_person
from workspaces.models import BusinessMode, Workspace
from workspaces.roles import Role
from workspaces.services.workspaces import create_workspace

NAME, SLUG = "Small app", "small_app"
USERS, DAYS = 2_000, 40
DAY = timedelta(days=1)


def fill_small_app(now: datetime) -> Workspace:
    """Make the workspace, its people, its users and their sessions."""
    workspace = create_workspace(
        slug=SLUG, name=NAME, currency="USD", time_zone="UTC", mode=BusinessMode.DIRECT,
        by=demo_person(Role.ADMIN), now=now, is_sandbox=True,
    )  # fmt: skip
    add_people(workspace)
    add_users(workspace, now)
    return workspace


def add_users(workspace: Workspace, now: datetime) -> None:
    """Users of forty days, all known for two weeks by now."""
    rng = np.random.default_rng(11)
    is_ios, is_busy = rng.random((2, USERS)) < 0.5
    stays = rng.random(USERS) < np.where(is_ios == is_busy, 0.92, 0.08)
    first = now.date() - (DAYS + 16) * DAY
    installs = UserInstall.objects.bulk_create(
        UserInstall(
            workspace=workspace,
            user_id=f"small-{place:04d}",
            channel="organic",
            source="organic",
            installed_on=first + (place % DAYS) * DAY,
            device_type="ios" if is_ios[place] else "android",
        )
        for place in range(USERS)
    )
    ensure_months([first + age * DAY for age in range(DAYS + 17)])
    UserSession.objects.bulk_create(
        _session(install, age)
        for install, busy, stay in zip(installs, is_busy, stays, strict=True)
        for age in [0, *([2, 4, 5] if busy else []), *([9] if stay else [])]
    )
    # Until yesterday, so that everybody's second week has come in.
    UserSession.objects.bulk_create(
        _session(install, (now.date() - DAY - install.installed_on).days)
        for install in installs[:5]
    )


def _session(install: UserInstall, age: int) -> UserSession:
    day = install.installed_on + age * DAY
    return UserSession(
        workspace_id=install.workspace_id,
        session_id=f"{install.user_id}-{age}",
        install=install,
        started_at=datetime.combine(day, time(12), UTC),
        day=day,
        seconds=300 + 60 * age,
    )
