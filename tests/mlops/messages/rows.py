"""Messages in the database: read, and corrected or answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from inbox.models import AIClassification, Conversation, CustomerResponse
from outreach.models import Contact, ContactPoint
from tests.outreach.steps import Person
from workspaces.models import User, Workspace

MINUTE = timedelta(minutes=1)


def messages_of(
    workspace: Workspace,
    texts: Sequence[str],
    *,
    read_as: Sequence[str],
    since: datetime,
    name: str = "a",
    version: tuple[str, str] = ("inbox-base", "base-1"),
    confidence: float = 0.7,
) -> list[CustomerResponse]:
    """Messages of as many contacts, one a minute, each read."""
    people = Person.objects.bulk_create(Person(workspace=workspace) for _ in texts)
    contacts = Contact.objects.bulk_create(
        Contact(workspace=workspace, person=person) for person in people
    )
    points = ContactPoint.objects.bulk_create(
        ContactPoint(
            workspace=workspace, contact=contact, channel="email",
            address=f"{name}{place}@example.com",
        )
        for place, contact in enumerate(contacts)
    )  # fmt: skip
    talks = Conversation.objects.bulk_create(
        Conversation(
            workspace=workspace, contact=contact, channel="email", subject="About it",
            opened_at=since, last_message_at=since,
        )
        for contact in contacts
    )  # fmt: skip
    rows = CustomerResponse.objects.bulk_create(
        CustomerResponse(
            workspace=workspace, conversation=talk, arrived_in=talk, channel="email",
            direction="in", point=point, text=text, at=since + place * MINUTE,
            received_at=since + place * MINUTE,
        )
        for place, (talk, point, text) in enumerate(zip(talks, points, texts, strict=True))
    )  # fmt: skip
    AIClassification.objects.bulk_create(
        AIClassification(
            workspace=workspace, response=row, intent=intent, confidence=confidence, sentiment=0,
            sentiment_label="neutral", urgency="low", language="en", ms=1, read_at=row.at,
            model=version[0], version=version[1],
        )
        for row, intent in zip(rows, read_as, strict=True)
    )  # fmt: skip
    return rows


def correct(rows: Sequence[CustomerResponse], meant: Sequence[str], at: datetime) -> None:
    """Say what each was meant for."""
    for row, intent in zip(rows, meant, strict=True):
        AIClassification.objects.filter(response=row).update(
            corrected_intent=intent, corrected_at=at
        )


def answer(rows: Sequence[CustomerResponse], by: User | None) -> None:
    """Answer each, so that it stands as it was read."""
    CustomerResponse.objects.bulk_create(
        CustomerResponse(
            workspace=row.workspace, conversation=row.conversation, arrived_in=row.arrived_in,
            channel="email", direction="out", point=row.point, answers=row, text="Yes.",
            at=row.at + MINUTE, author=by, delivery="sent", sent_at=row.at + MINUTE,
        )
        for row in rows
    )  # fmt: skip
