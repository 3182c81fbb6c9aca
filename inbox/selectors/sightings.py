"""On whom one address or number was seen: what speaks for two contacts being one person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection
from django.db.models.functions import Coalesce

from inbox.engine.identities import MOST_PEOPLE, Sighting
from inbox.models import ChatVisitor, CustomerResponse, Direction, IdentitySuggestion
from outreach.models import Contact, ContactPoint

# Whatever is seen on one contact only says nothing and stays in the database.
_SEEN: Final = """
WITH seen AS (
    SELECT contact_id, CASE channel WHEN 'email' THEN 'email' ELSE 'phone' END AS kind,
           address AS value, 'known' AS place
      FROM outreach_contactpoint
     WHERE workspace_id = %(workspace)s AND channel IN ('email', 'sms', 'whatsapp')
    UNION
    SELECT p.contact_id, 'email', v.email, 'typed in a chat'
      FROM inbox_chatvisitor v
      JOIN outreach_contactpoint p ON p.id = v.point_id
     WHERE v.workspace_id = %(workspace)s AND v.email <> ''
    UNION
    SELECT c.contact_id, 'email', p.address, 'typed in a form'
      FROM inbox_customerresponse r
      JOIN inbox_conversation c ON c.id = r.conversation_id
      JOIN outreach_contactpoint p ON p.id = r.point_id
     WHERE r.workspace_id = %(workspace)s AND r.is_flagged AND r.flag_reason = %(typed)s
       AND r.direction = 'in' AND p.channel = 'email' AND p.contact_id <> c.contact_id
), shared AS (
    SELECT kind, value FROM seen GROUP BY kind, value HAVING count(DISTINCT contact_id) > 1
)
SELECT seen.contact_id, kind, value, seen.place FROM seen JOIN shared USING (kind, value)
"""


def sightings_of(workspace_id: int, typed: str) -> list[Sighting]:
    """Addresses and numbers of a workspace that were seen on several contacts.

    ``typed`` is what messages are flagged with whose address was only typed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"workspace": workspace_id, "typed": typed})
        return [Sighting(*row) for row in cursor.fetchall()]


def is_shared(point: ContactPoint, typed: str) -> bool:
    """Whether an address was seen on more contacts than one person may have; ``typed`` as above."""
    chats = ChatVisitor.objects.filter(workspace=point.workspace_id, email=point.address)
    forms = CustomerResponse.objects.filter(
        workspace=point.workspace_id, point=point, direction=Direction.IN, is_flagged=True,
        flag_reason=typed,
    )  # fmt: skip
    seen = {point.contact_id}
    for contacts in (
        chats.values_list("point__contact"),
        forms.values_list("conversation__contact"),
    ):
        seen.update(pk for (pk,) in contacts.distinct()[: MOST_PEOPLE + 1])
    return len(seen) > MOST_PEOPLE


def roots_of(workspace_id: int, contacts: Collection[int]) -> dict[int, int]:
    """Who each contact is today."""
    rows = Contact.objects.filter(workspace=workspace_id, pk__in=contacts)
    return dict(rows.values_list("pk", Coalesce("person__root_id", "person_id")))


def pairs_known(workspace_id: int, contacts: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of these that somebody was asked about."""
    rows = IdentitySuggestion.objects.filter(
        workspace=workspace_id, first__in=contacts, second__in=contacts
    )
    return set(rows.values_list("first_id", "second_id"))
