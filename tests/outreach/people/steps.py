"""People as tests of pages need them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from attribution.models import Channel, Journey, JourneyTouch, Person, Touchpoint
from outreach.models import ContactImport, Suppression
from tests.outreach.steps import NOW, audience_of, contact_of
from workspaces.models import Workspace


def people_rows(workspace: Workspace) -> dict[str, object]:
    """Ids of a contact, a list, a file and a suppression."""
    contact = contact_of(workspace, "ann@acme.example")
    suppression = Suppression.objects.create(
        workspace=workspace, value="bob@acme.example", reason="manual", at=NOW
    )
    return {
        "contact": contact.public_id,
        "audience": audience_of(workspace, contact, name="Readers of Acme").public_id,
        "people file": ContactImport.objects.create(
            workspace=workspace, file_name="people.csv"
        ).public_id,
        "suppression": suppression.public_id,
    }


def journey_of(
    workspace: Workspace, person: Person, channels: list[str], ended_at: datetime
) -> Journey:
    """A journey that led to nothing yet, one visit a channel, an hour apart."""
    number = uuid4()
    first_at = ended_at - timedelta(hours=len(channels) - 1)
    journey = Journey.objects.create(
        journey_id=number, workspace=workspace, person=person, first_at=first_at,
        ended_at=ended_at, touches=len(channels),
    )  # fmt: skip
    for place, name in enumerate(channels, start=1):
        channel = Channel.objects.get_or_create(workspace=workspace, name=name)[0]
        at = first_at + timedelta(hours=place - 1)
        touch = Touchpoint.objects.create(
            workspace=workspace, person=person, channel=channel, kind="visit", at=at,
            source_key=f"{number}:{place}",
        )  # fmt: skip
        JourneyTouch.objects.create(workspace=workspace, journey=journey, touch=touch,
                                    position=place, channel=channel, at=at)  # fmt: skip
    return journey
