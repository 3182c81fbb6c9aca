"""All checks of a workspace's users, sessions and days, synthetic or imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attribution.services.installs.refreshing import last_day
from mlops.models import SyntheticWorld
from mlops.services.world.event_checks import event_checks
from mlops.services.world.findings import Finding, Subject
from mlops.services.world.profile_checks import profile_checks
from mlops.services.world.table_checks import table_checks
from workspaces.models import Workspace


def validate(*, workspace: Workspace, now: datetime) -> Iterator[Finding]:
    """Look at everything; what needs a synthetic world is left out where there is none."""
    world = SyntheticWorld.objects.filter(workspace=workspace).first()
    subject = Subject(workspace, world, now, last_day(workspace, now))
    yield from table_checks(subject)
    yield from profile_checks(subject)
    yield from event_checks(subject)
