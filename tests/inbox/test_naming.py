"""How people without a name are called."""

from __future__ import annotations

from typing import Any

from attribution.models import Person
from inbox.models import Conversation
from inbox.selectors.naming import name_them
from outreach.models import Contact, ContactPoint
from tests.inbox.steps import conversation_of
from workspaces.models import Workspace


def nameless(workspace: Workspace, channel: str, address: str, inbox: str = "") -> Conversation:
    contact = Contact.objects.create(
        workspace=workspace, person=Person.objects.create(workspace=workspace)
    )
    ContactPoint.objects.create(
        workspace=workspace, contact=contact, channel=channel, address=address
    )
    return conversation_of(workspace, contact=contact, channel=inbox or channel)


def test_who_has_no_name_is_called_by_address(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    rows: list[Any] = [
        conversation_of(workspace),
        nameless(workspace, "email", "a@shop.example"),
        nameless(workspace, "instagram", "7200"),
        nameless(workspace, "facebook", "99", inbox="comment"),
        nameless(workspace, "chat", "0193-1"),
    ]
    with django_assert_num_queries(1):
        name_them(rows)

    assert [row.who for row in rows] == [
        rows[0].contact.name, "a@shop.example", "Instagram 7200", "Public comment 99",
        "Visitor of the website",
    ]  # fmt: skip
    with django_assert_num_queries(0):
        name_them(rows[:1])
