"""A small world in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction

from mlops.models import SyntheticWorld
from mlops.services.world.making import make_world
from mlops.simulation.world.world import Options
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import Workspace

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OPTIONS = Options(date(2026, 8, 10), users=6_000, sessions=48_000)


@dataclass
class Place:
    """The workspace, its world, and what was told while it was made."""

    workspace: Workspace
    world: SyntheticWorld
    told: list[str]


@pytest.fixture(scope="package")
def place(django_db_setup: None, django_db_blocker) -> Iterator[Place]:
    """Made once for all; what a test changes is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        workspace = WorkspaceFactory(slug="world", time_zone="America/New_York")
        told: list[str] = []
        world = make_world(workspace=workspace, options=OPTIONS, now=NOW, told=told.append)
        # Looked at now, else each test's end would look at the keys of all these rows again.
        connection.check_constraints()
        yield Place(workspace, world, told)
        transaction.set_rollback(True)
