"""Touches and conversions of people for tests, through the services."""

from __future__ import annotations

from datetime import datetime, timedelta

from attribution.models import Person, TouchKind
from attribution.services.identity import person_of
from attribution.services.journeys import build_journeys
from attribution.services.touches import Touch, record_touches
from tests.attribution.steps import convert
from workspaces.models import Workspace

DAY = timedelta(days=1)


def person(workspace: Workspace, name: str, now: datetime) -> Person:
    """Somebody with a user id."""
    found = person_of(workspace=workspace, identifiers={"user_id": name}, now=now)
    assert found is not None
    return found


def walk(
    workspace: Workspace, name: str, path: str, end: datetime, *, value: str | None = "100",
    **touch: object,
) -> None:  # fmt: skip
    """Touch a channel a day, the last a day before the end; without a value nothing is sold."""
    who = person(workspace, name, end - 60 * DAY)
    channels = path.split()
    touches = [
        Touch(
            person=who, channel=channel, kind=TouchKind.VISIT,
            at=end - (len(channels) - place) * DAY, source_key=f"{name}:{place}", **touch,
        )
        for place, channel in enumerate(channels)
    ]  # fmt: skip
    record_touches(workspace=workspace, touches=touches)
    if value is not None:
        convert(workspace, end, key=f"order of {name}", value=value, user_id=name)


def three_walks(workspace: Workspace, now: datetime) -> None:
    """Two buyers and one who did not buy, two days ago."""
    end = now - 2 * DAY
    walk(workspace, "ann", "meta email google", end, value="90")
    walk(workspace, "bob", "google direct", end, value="10.01")
    walk(workspace, "cid", "meta", end, value=None)
    build_journeys(workspace=workspace, now=now)
