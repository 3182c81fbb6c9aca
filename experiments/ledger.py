"""Tests that began or ended, as other reasons why a figure may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from experiments.models import ABTest
from workspaces.ledger import Event, Scoped, register_events
from workspaces.models import Workspace


def tests_of(
    workspace: Workspace, _scoped: Scoped, since: datetime, until: datetime
) -> Iterator[Event]:
    """Tests that began or ended in between."""
    began = Q(started_at__gte=since, started_at__lt=until)
    ended = Q(ended_at__gte=since, ended_at__lt=until)
    for test in ABTest.objects.filter(began | ended, workspace=workspace).order_by("pk"):
        url = reverse("experiment", args=[test.public_id])
        for moment, word in ((test.started_at, "began"), (test.ended_at, "ended")):
            if moment and since <= moment < until:
                yield Event(moment, f"The test “{test.name}” {word}", "Test", url)


def register() -> None:
    """Make them known."""
    register_events("tests", tests_of)
